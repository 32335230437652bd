package window

import (
	"errors"

	"github.com/dop251/goja"
)

// Evaluate runs source as a script of the frame's document and gives its completion
// value: CDP's Runtime.evaluate. On the loop.
func (f *Frame) Evaluate(url, source string) (goja.Value, error) {
	if f.document == nil {
		return nil, errors.New("the frame has no document")
	}
	return f.document.scope.run(url, source)
}
