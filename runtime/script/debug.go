package script

import (
	"context"

	"github.com/dop251/goja"
)

// Debugger debugs an agent. Its methods may be called from any goroutine, except where
// they say that they are for the loop.
type Debugger struct {
	agent   *Agent
	options DebugOptions
}

// Debug turns debugging on for the scripts that the agent compiles from now on: on the
// loop, or before the first task. An agent has one debugger; a second call gives it
// again and ignores the options.
func (a *Agent) Debug(o DebugOptions) *Debugger {
	if a.debugger == nil {
		a.debugger = &Debugger{agent: a, options: o}
	}
	return a.debugger
}

// Debugger is the agent's debugger; nil when it is not debugged.
func (a *Agent) Debugger() *Debugger { return a.debugger }

// Compile is the function Compile, with what the agent's debugger needs put in.
func (a *Agent) Compile(url string, source []byte) (*goja.Program, error) {
	return Compile(url, source)
}

// CompileModule is the function CompileModule, with what the agent's debugger needs
// put in. It may be called from any goroutine.
func (a *Agent) CompileModule(ctx context.Context, entry string, load ModuleLoader) (*goja.Program, error) {
	return CompileModule(ctx, entry, load)
}
