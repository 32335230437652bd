package ui

import (
	"context"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/debugger"
)

// Hub is what the page needs of [inspector.Hub].
type Hub interface {
	Browsers() []Browser
	Browser(id string) Browser // nil: there is none
	Detach(id string) error
	// Changed is closed when a browser is attached or detached.
	Changed() <-chan struct{}
}

// Browser is what the page needs of an [inspector.Browser].
type Browser interface {
	ID() string
	Name() string
	State() *inspector.State
	Changed() <-chan struct{}
	Changes(after uint64) []inspector.Change
	Do(ctx context.Context, a inspector.Action, timeout time.Duration) (inspector.Receipt, error)
	Begin(ctx context.Context, a inspector.Action) (inspector.Receipt, error)
	Caches(ctx context.Context, ref inspector.StorageRef, refresh bool) (*inspector.Storage, error)
	Entries(ctx context.Context, ref inspector.CacheRef, refresh bool) (*inspector.Listing, error)
	Lookup(ctx context.Context, ref inspector.CacheRef, url string) (*inspector.CacheEntry, error)
	Body(ctx context.Context, ref inspector.CacheRef, url string, header []inspector.Header, limit int64) (*inspector.Body, error)
	Measure(ctx context.Context, ref inspector.CacheRef, urls []string) error
	Usage(ctx context.Context, ref inspector.StorageRef) (*inspector.Usage, error)
	Scripts(ctx context.Context, k inspector.RegistrationKey, version string) ([]*inspector.Script, error)
	Facts(ctx context.Context, k inspector.RegistrationKey) error
}

// Debugger is what the page needs of a [debugger.Debugger].
type Debugger interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	Close()
	Restart(ctx context.Context, thread string) error
	Settle(ctx context.Context) error
	State() *debugger.State
	Changed() <-chan struct{}
	Drive()
	SetActive(ctx context.Context, on bool) error
	Resume(ctx context.Context, thread string) error
	Step(ctx context.Context, thread, how string) error
	StepBack(ctx context.Context, thread string, toBreakpoint bool) error
	Pause(ctx context.Context, thread string) error
	RunTo(ctx context.Context, thread string, at debugger.Place) error
	Keep(ctx context.Context, thread string) error
	Evaluate(ctx context.Context, thread string, frame int, expression string, o debugger.EvaluateOptions) (debugger.Value, error)
	SetVariable(ctx context.Context, thread string, frame, scope int, name, expression string) (debugger.Value, error)
	Properties(ctx context.Context, thread, object string) ([]debugger.Property, error)
	Scripts(thread string) []debugger.Script
	Source(ctx context.Context, thread, script string) (string, error)
}
