package streams

import (
	"sync"

	"github.com/dop251/goja"
)

// slots are the symbols of the internal slots, by the names that the program calls
// them. They are the same in every realm of every agent, so that the operations of
// one realm work on the streams of another document of the same agent.
var slots sync.Map // string → *goja.Symbol

func slot(name string) *goja.Symbol {
	symbol, _ := slots.LoadOrStore(name, goja.NewSymbol(name))
	return symbol.(*goja.Symbol)
}

// giveSlot is the program's $slot.
func giveSlot(c goja.FunctionCall) goja.Value { return slot(c.Argument(0).String()) }

// The slots that the Go side looks at itself.
var (
	readableController  = slot("[[readableStreamController]]")
	writableController  = slot("[[writableStreamController]]")
	transformController = slot("[[transformStreamController]]")
	reader              = slot("[[reader]]")
	writer              = slot("[[writer]]")
	disturbed           = slot("[[disturbed]]")
	stateSlot           = slot("[[state]]")
)
