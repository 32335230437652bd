package ui

import (
	"context"
	"time"

	"github.com/swinspect/swinspect/inspector"
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
