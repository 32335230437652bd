package runtime

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/clock"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// ErrClosed is the reason of what ended because the engine was closed.
var ErrClosed = errors.New("the engine was closed")

// Fetcher is the fetch algorithm: a *fetch.Fetcher, or a test's.
type Fetcher interface {
	Fetch(ctx context.Context, r *fetch.Request, env fetch.Client) *fetch.Response
}

// Options configure an Engine. Agents and Fetcher are required.
type Options struct {
	Agents   Agents
	Fetcher  Fetcher
	Clock    clock.Clock // the machine's when nil
	Rand     io.Reader   // where ids come from; crypto/rand when nil
	Logger   *slog.Logger
	Observer Observer
	Limits   Limits
	// TraceEvents is how many trace events the engine keeps; 0 means 10,000,
	// negative none.
	TraceEvents int
	// NewStorage makes the cache storage of a storage key; one without quota when nil.
	NewStorage func(storageKey string) *cache.Storage
}

// Limits are how long things may take. 0 means the default, negative no limit.
type Limits struct {
	// IdleTimeout is how long a worker without pending events keeps running: 30 s.
	IdleTimeout time.Duration
	// StartTimeout is how long a worker may take to start, its script's evaluation
	// and imports included: 60 s.
	StartTimeout time.Duration
	// EventTimeout is how long an event's lifetime promises may take: 5 min.
	EventTimeout time.Duration
	// FetchTimeout is how long a fetch event may take to respond: 5 min.
	FetchTimeout time.Duration
	// UpdateDelay is how long after a fetch its Soft Update begins, so that a page's
	// loading comes first: 1 s.
	UpdateDelay time.Duration
	// EventCPU is how long one task of a worker may compute; the agents keep to it: 10 s.
	EventCPU time.Duration
	// ScriptBytes is how long one script may be: 64 MB.
	ScriptBytes int64
}

func (l Limits) withDefaults() Limits {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&l.IdleTimeout, 30*time.Second)
	set(&l.StartTimeout, time.Minute)
	set(&l.EventTimeout, 5*time.Minute)
	set(&l.FetchTimeout, 5*time.Minute)
	set(&l.EventCPU, 10*time.Second)
	set(&l.UpdateDelay, time.Second)
	if l.ScriptBytes == 0 {
		l.ScriptBytes = 64 << 20
	}
	return l
}

// Engine is the service workers of one browser context: registration map, job
// queues, workers, clients. See the package comment for its lock.
//
// Its goroutines are those of inParallel; Close waits for them. Timers of the
// clock call back into it and find it closed.
type Engine struct {
	agents   Agents
	fetcher  Fetcher
	clock    clock.Clock
	log      *slog.Logger
	observer Observer
	limits   Limits
	makeCS   func(string) *cache.Storage

	ctx    context.Context
	cancel context.CancelCauseFunc
	others sync.WaitGroup
	tracer tracer

	attachments attachments

	mu         sync.Mutex // guards all below, and the fields of Registration, Worker, Client, job
	closed     bool
	rand       io.Reader
	lastID     uint64 // of registrations and workers
	partitions map[string]*partition
	jobQueues  map[jobQueueKey]*jobQueue
	clients    map[string]*Client
	workers    map[string]*Worker // every worker that is not gone
	clientSeq  uint64
	focusSeq   uint64
	jobSeq     uint64
	eventSeq   uint64
	// forceUpdate is CDP's setForceUpdateOnPageLoad.
	forceUpdate bool
}

// partition is what belongs to one storage key.
type partition struct {
	key string
	// registrations is the part of the registration map with this storage key:
	// by serialised scope, and in the order of insertion.
	registrations map[string]*Registration
	order         []*Registration
	clients       []*Client // in the order of creation
	running       []*Worker // with an agent
	caches        *cache.Storage
}

// New returns an engine; end it with Close.
func New(o Options) *Engine {
	if o.Clock == nil {
		o.Clock = clock.Real()
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.NewStorage == nil {
		c := o.Clock
		o.NewStorage = func(string) *cache.Storage { return cache.NewStorage(cache.Options{Clock: c}) }
	}
	e := &Engine{
		agents: o.Agents, fetcher: o.Fetcher, clock: o.Clock, rand: o.Rand, log: o.Logger,
		observer: o.Observer, limits: o.Limits.withDefaults(), makeCS: o.NewStorage,
		partitions: map[string]*partition{}, jobQueues: map[jobQueueKey]*jobQueue{},
		clients: map[string]*Client{}, workers: map[string]*Worker{},
	}
	e.tracer.init(o.TraceEvents)
	e.ctx, e.cancel = context.WithCancelCause(context.Background())
	return e
}

// Limits are the limits the engine keeps to.
func (e *Engine) Limits() Limits { return e.limits }

// Clock is the engine's time.
func (e *Engine) Clock() clock.Clock { return e.clock }

// Atomically runs f while nothing changes: what Snapshot methods answer in it
// belongs together, and a task queued in it runs before the tasks of later
// changes. f must not block and must call nothing of the engine but Snapshot,
// State and other methods that say so.
func (e *Engine) Atomically(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f()
}

// await lets go of the lock while f runs: the only place that does.
func (e *Engine) await(f func()) {
	e.mu.Unlock()
	defer e.mu.Lock()
	f()
}

// inParallel runs f with the lock held in a goroutine that Close waits for. It
// does nothing once the engine is closing.
func (e *Engine) inParallel(f func()) {
	if e.closed {
		return
	}
	e.others.Go(func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		f()
	})
}

// outside runs f without the lock in a goroutine that Close waits for, and reports
// whether it does: not once the engine is closing.
func (e *Engine) outside(f func()) bool {
	if e.closed {
		return false
	}
	e.others.Go(f)
	return true
}

// wait lets go of the lock until done is closed, ctx ends or the engine closes.
func (e *Engine) wait(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	default:
	}
	var err error
	e.await(func() {
		select {
		case <-done:
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-e.ctx.Done():
			err = context.Cause(e.ctx)
		}
	})
	return err
}

// partition is the partition of a storage key, made when there is none.
func (e *Engine) partition(key string) *partition {
	p := e.partitions[key]
	if p == nil {
		p = &partition{key: key, registrations: map[string]*Registration{}}
		e.partitions[key] = p
	}
	return p
}

// CacheStorage is the cache storage of a storage key.
func (e *Engine) CacheStorage(storageKey string) *cache.Storage {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.caches(storageKey)
}

// caches is CacheStorage: made when asked for first, its lookups traced.
func (e *Engine) caches(storageKey string) *cache.Storage {
	p := e.partition(storageKey)
	if p.caches == nil {
		p.caches = e.makeCS(storageKey)
		told := p.caches.OnLookup
		p.caches.OnLookup = func(l cache.Lookup) {
			e.noteLookup(&l)
			if told != nil {
				told(l)
			}
		}
	}
	return p.caches
}
