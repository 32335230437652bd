package script

import (
	"context"

	"github.com/dop251/goja"
)

type parts struct{}
type frame struct{}
type scope struct{}

func (s *FrameScope) Variables() []Variable                 { return nil }
func (s *FrameScope) Set(name string, v goja.Value) error   { return ErrNotCaptured }
func (f *Frame) This() goja.Value                           { return nil }
func (f *Frame) Evaluate(source string) (goja.Value, error) { return nil, ErrNotCaptured }

func (d *Debugger) Scripts() []*DebugScript { return nil }
func (d *Debugger) Locations(s *DebugScript, from, to Location) []BreakLocation {
	return nil
}
func (d *Debugger) SetBreakpoint(s *DebugScript, line, column int, condition string) (id string, at Location, err error) {
	return "", Location{}, ErrNoLocation
}
func (d *Debugger) RemoveBreakpoint(id string)                   {}
func (d *Debugger) SetActive(on bool)                            {}
func (d *Debugger) SkipAll(on bool)                              {}
func (d *Debugger) PauseOnExceptions(mode ExceptionMode)         {}
func (d *Debugger) Blackbox(patterns []string) error             { return nil }
func (d *Debugger) Paused() *Pause                               { return nil }
func (d *Debugger) PauseSoon()                                   {}
func (d *Debugger) Resume() error                                { return ErrNotPaused }
func (d *Debugger) StepOver() error                              { return ErrNotPaused }
func (d *Debugger) StepInto() error                              { return ErrNotPaused }
func (d *Debugger) StepOut() error                               { return ErrNotPaused }
func (d *Debugger) ToAwait() error                               { return ErrNotPaused }
func (d *Debugger) RunTo(s *DebugScript, line, column int) error { return ErrNotPaused }
func (d *Debugger) Interject(ctx context.Context, f func()) error {
	return d.agent.Do(ctx, "debugger", f)
}
func (d *Debugger) Post(f func()) bool { return d.agent.Queue("debugger", f) }
