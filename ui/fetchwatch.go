package ui

import (
	"container/list"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
)

// network is what a [Browser] needs for its requests to be watched; an
// [inspector.Browser] has it.
type network interface {
	State() *inspector.State
	Tap(f func(inspector.Message, *inspector.State)) (missed uint64, stop func())
	Capture(ctx context.Context, o inspector.CaptureOptions) (*inspector.Capture, error)
}

const (
	// maxFetches bounds a live log: the oldest are dropped.
	maxFetches = 200_000
	// maxLiveBodies bounds the bodies that are kept of a live log, in bytes.
	maxLiveBodies = 96 << 20
	// captureWait is how long a capture may take to begin.
	captureWait = 20 * time.Second
)

// fetchWatch is the live fetch log of one browser: what its messages tell from the
// moment the log was first looked at, and the capture that makes the browser tell it.
//
// Concurrency: all methods may be called from any goroutine. The tap calls hear with
// the browser's lock held. One goroutine per start or stop of the capture, which the
// server waits for; close ends the capture and the tap.
type fetchWatch struct {
	b      network
	log    *fetches.Log
	bodies *bodyStore
	untap  func()

	mu      sync.Mutex
	capture *inspector.Capture
	state   watchState
	wanted  bool // the capture is to run
	lent    bool // a recorder captures meanwhile: its messages are heard too
	problem string
	looked  bool // somebody looked at the log
	engine  bool // it is known to be one, before it has told a step
}

// watchState says whether requests are being watched.
type watchState string

const (
	watchOff      watchState = "off"
	watchStarting watchState = "starting"
	watchOn       watchState = "on"
)

func newFetchWatch(b network) *fetchWatch {
	w := &fetchWatch{b: b, log: fetches.NewLog(fetches.Options{Limit: maxFetches}), bodies: newBodyStore(maxLiveBodies), state: watchOff}
	_, w.untap = b.Tap(w.hear)
	return w
}

// hear takes in one message: into the log, and the bodies it brings.
func (w *fetchWatch) hear(m inspector.Message, s *inspector.State) {
	w.log.Apply(m, s)
	if m.Kind == inspector.KindReply && m.Error == "" && (m.Method == "Network.getResponseBody" || m.Method == "Network.getRequestPostData") {
		w.bodies.keep(m.Result)
	}
}

// status is whether requests are watched, and why not.
func (w *fetchWatch) status() (watchState, string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lent {
		return watchOn, w.problem
	}
	return w.state, w.problem
}

// first reports whether nobody looked at the log before: then the watching begins by
// itself.
func (w *fetchWatch) first() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	first := !w.looked
	w.looked = true
	return first
}

// start begins to watch. It blocks until the browser does, or cannot.
func (w *fetchWatch) start(ctx context.Context) {
	w.mu.Lock()
	w.wanted = true
	if w.state != watchOff || w.lent {
		w.mu.Unlock()
		return
	}
	w.state, w.problem = watchStarting, ""
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, captureWait)
	defer cancel()
	// Of an engine the workers are watched too: that changes nothing there, and the
	// trace tells the rest.
	c, err := w.b.Capture(ctx, inspector.CaptureOptions{Bodies: true, Full: w.traces(), Prelude: "void 0", Binding: fetches.Binding})
	w.mu.Lock()
	w.state = watchOff
	switch {
	case err != nil:
		w.problem = err.Error()
	case !w.wanted || w.lent:
		defer stopCapture(c)
	default:
		w.capture, w.state = c, watchOn
	}
	w.mu.Unlock()
}

// traces reports whether the browser is an engine, which tells its steps.
func (w *fetchWatch) traces() bool {
	w.mu.Lock()
	engine := w.engine
	w.mu.Unlock()
	if engine {
		return true
	}
	for _, c := range w.b.State().Contexts {
		if c.Traces {
			return true
		}
	}
	return false
}

// stop ends the watching; what was seen stays.
func (w *fetchWatch) stop() {
	w.mu.Lock()
	w.wanted = false
	c := w.take()
	w.mu.Unlock()
	stopCapture(c)
}

// take is the capture that runs, no longer ours. The caller holds the lock.
func (w *fetchWatch) take() *inspector.Capture {
	c := w.capture
	w.capture = nil
	if w.state == watchOn {
		w.state = watchOff
	}
	return c
}

func stopCapture(c *inspector.Capture) {
	if c != nil {
		c.Stop()
	}
}

// lend stops the own capture while a recorder captures the same requests, and
// takes it up again afterwards: two would tell everything twice.
func (w *fetchWatch) lend(ctx context.Context, on bool) {
	w.mu.Lock()
	w.lent = on
	c := w.take()
	again := !on && w.wanted
	w.mu.Unlock()
	stopCapture(c)
	if again {
		w.start(ctx)
	}
}

func (w *fetchWatch) close() {
	w.stop()
	w.untap()
}

// errNoBody is of a body that was not kept.
var errNoBody = errors.New("the body is not kept any more")

// bodyStore keeps the newest bodies by hash, up to a bound. Safe for concurrent use.
type bodyStore struct {
	mu    sync.Mutex
	limit int64
	size  int64
	byKey map[string]*list.Element
	order list.List // newest first, of *keptBody
}

type keptBody struct {
	hash string
	data []byte
}

func newBodyStore(limit int64) *bodyStore {
	return &bodyStore{limit: limit, byKey: map[string]*list.Element{}}
}

// keep takes the body out of a reply.
func (s *bodyStore) keep(result []byte) {
	var w struct {
		Body          *string `json:"body"`
		PostData      *string `json:"postData"`
		Base64Encoded bool    `json:"base64Encoded"`
	}
	if json.Unmarshal(result, &w) != nil {
		return
	}
	text := w.Body
	if text == nil {
		text = w.PostData
	}
	if text == nil {
		return
	}
	data := []byte(*text)
	if w.Base64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(*text)
		if err != nil {
			return
		}
		data = decoded
	}
	s.put(fetches.Hash(data), data)
}

func (s *bodyStore) put(hash string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byKey[hash]; e != nil {
		s.order.MoveToFront(e)
		return
	}
	s.byKey[hash] = s.order.PushFront(&keptBody{hash, data})
	s.size += int64(len(data))
	for s.size > s.limit && s.order.Len() > 1 {
		e := s.order.Back()
		old := e.Value.(*keptBody)
		s.order.Remove(e)
		delete(s.byKey, old.hash)
		s.size -= int64(len(old.data))
	}
}

// get is the body of a hash, or [errNoBody].
func (s *bodyStore) get(hash string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byKey[hash]; e != nil {
		return e.Value.(*keptBody).data, nil
	}
	return nil, errNoBody
}

// watches are the live logs of the browsers whose fetches were looked at.
type watches struct {
	mu sync.Mutex
	of map[string]*fetchWatch
	wg sync.WaitGroup
}

// watch is the log of a browser, made when it is first asked for; nil when the
// browser cannot be watched.
func (s *Server) watch(b Browser) *fetchWatch {
	n, ok := b.(network)
	if !ok || s.life.Err() != nil {
		return nil
	}
	s.watches.mu.Lock()
	defer s.watches.mu.Unlock()
	w := s.watches.of[b.ID()]
	if w == nil || w.b != n {
		w = newFetchWatch(n)
		if s.watches.of == nil {
			s.watches.of = map[string]*fetchWatch{}
		}
		s.watches.of[b.ID()] = w
	}
	return w
}

// WatchRequests begins to watch the requests of the browser of that id before anybody
// looks. It is for an engine, where that costs and changes nothing, and it does not wait.
func (s *Server) WatchRequests(id string) {
	for _, b := range s.browsers() {
		if b.ID() != id {
			continue
		}
		if w := s.watch(b); w != nil && w.first() {
			w.mu.Lock()
			w.engine = true
			w.mu.Unlock()
			s.watchStart(w)
		}
	}
}

// watchStart begins to watch beside the request.
func (s *Server) watchStart(w *fetchWatch) {
	s.watches.mu.Lock()
	defer s.watches.mu.Unlock()
	if s.life.Err() == nil {
		s.watches.wg.Go(func() { w.start(s.life) })
	}
}

// watched is the log of a browser when it has been looked at before.
func (s *Server) watched(id string) *fetchWatch {
	s.watches.mu.Lock()
	defer s.watches.mu.Unlock()
	return s.watches.of[id]
}

// closeAll ends every watch.
func (ws *watches) closeAll() {
	ws.mu.Lock()
	of := ws.of
	ws.of = nil
	ws.mu.Unlock()
	ws.wg.Wait()
	for _, w := range of {
		w.close()
	}
}
