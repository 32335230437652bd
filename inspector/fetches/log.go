package fetches

import (
	"strconv"
	"sync"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
)

// Log folds messages into rows. The same messages in the same order give the same
// rows, live or from a recording.
//
// Concurrency: every method may be called from any goroutine; Apply is called by one.
// Rows are replaced, never changed: what All and Get give may be kept.
type Log struct {
	mu      sync.Mutex
	rows    []*Fetch
	at      map[string]int // position by ID
	changed chan struct{}
	cached  []*Fetch // what All gave, while nothing has changed

	open     map[requestKey]*request // by wire id, until a client reuses it
	targets  map[inspector.TargetKey]target
	stories  map[storyKey]string // ID of the row that a story of an engine is about
	waiting  map[storyKey][]inspector.TraceStep
	events   map[eventKey]string // ID of the row of an event that a recorder told of
	again    map[string]int      // how often an id came
	expected []expected          // requests that recorders announced
	limit    int
	forgot   int // rows that were dropped for the limit
}

// requestKey names a request on the wire.
type requestKey struct{ instance, target, id string }

// request is one on the wire: the row it is in, and what is needed until it ends.
type request struct {
	row    int
	id     string  // of the row
	began  float64 // monotonic time of its first message
	extra  []inspector.Header
	extraR []inspector.Header
	hops   int
}

type target struct{ kind, url, context string }

// Options of a Log.
type Options struct {
	// Limit bounds the rows: the oldest tenth is dropped when there are more. 0: no bound.
	Limit int
}

// NewLog is an empty log.
func NewLog(o Options) *Log {
	return &Log{
		at: map[string]int{}, again: map[string]int{}, changed: make(chan struct{}), open: map[requestKey]*request{}, targets: map[inspector.TargetKey]target{},
		stories: map[storyKey]string{}, waiting: map[storyKey][]inspector.TraceStep{}, events: map[eventKey]string{}, limit: o.Limit,
	}
}

// Apply folds one message; s is the state with it folded (nil: nothing is known).
// Messages that are not about requests cost a map lookup.
func (l *Log) Apply(m inspector.Message, s *inspector.State) {
	h := handlers[m.Method]
	if h == nil || m.Kind == inspector.KindNote {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	h(&fold{Log: l, m: m, s: s})
}

// All lists the rows in the order of their requests. Do not change it.
func (l *Log) All() []*Fetch {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cached == nil {
		l.cached = make([]*Fetch, len(l.rows))
		copy(l.cached, l.rows)
	}
	return l.cached
}

// Get is one row; nil when there is none.
func (l *Log) Get(id string) *Fetch {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i, ok := l.at[id]; ok {
		return l.rows[i]
	}
	return nil
}

// Len is how many rows there are, and how many were dropped for the limit.
func (l *Log) Len() (rows, dropped int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.rows), l.forgot
}

// Changed is closed at the next change. It is level-triggered.
func (l *Log) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

func (l *Log) signal() {
	l.cached = nil
	close(l.changed)
	l.changed = make(chan struct{})
}

// fold is the work of one Apply.
type fold struct {
	*Log
	m inspector.Message
	s *inspector.State
}

var handlers = map[string]func(*fold){
	"Target.targetCreated":               (*fold).targetInfo,
	"Target.targetInfoChanged":           (*fold).targetInfo,
	"Target.attachedToTarget":            (*fold).targetInfo,
	"Network.requestWillBeSent":          (*fold).requestWillBeSent,
	"Network.requestWillBeSentExtraInfo": (*fold).requestExtra,
	"Network.responseReceived":           (*fold).responseReceived,
	"Network.responseReceivedExtraInfo":  (*fold).responseExtra,
	"Network.requestServedFromCache":     (*fold).servedFromCache,
	"Network.loadingFinished":            (*fold).loadingFinished,
	"Network.loadingFailed":              (*fold).loadingFailed,
	"Network.getResponseBody":            (*fold).responseBody,
	"Network.getRequestPostData":         (*fold).requestBody,
	"SWInspect.traced":                   (*fold).traced,
	"Runtime.bindingCalled":              (*fold).bindingCalled,
}

// add appends a row and gives its position.
func (l *Log) add(f *Fetch) int {
	if l.limit > 0 && len(l.rows) >= l.limit {
		l.drop(max(1, l.limit/10))
	}
	f.Seq = uint64(l.forgot + len(l.rows) + 1)
	f.ID = l.unique(f.ID)
	l.rows = append(l.rows, f)
	l.at[f.ID] = len(l.rows) - 1
	l.signal()
	if len(l.waiting) > 0 {
		(&fold{Log: l}).joinWaiting()
	}
	return len(l.rows) - 1
}

// unique is an id that no row has. Ids are the browser's and may come again: after a
// restart, or from another target.
func (l *Log) unique(id string) string {
	n := l.again[id]
	l.again[id] = n + 1
	if n == 0 {
		return id
	}
	return id + "~" + strconv.Itoa(n+1)
}

// drop forgets the oldest rows.
func (l *Log) drop(n int) {
	for _, f := range l.rows[:n] {
		delete(l.at, f.ID)
	}
	l.rows = append([]*Fetch(nil), l.rows[n:]...)
	for id, i := range l.at {
		l.at[id] = i - n
	}
	for key, q := range l.open {
		if q.row -= n; q.row < 0 {
			delete(l.open, key)
		}
	}
	for key, id := range l.stories {
		if _, kept := l.at[id]; !kept {
			delete(l.stories, key)
		}
	}
	for key, id := range l.events {
		if _, kept := l.at[id]; !kept {
			delete(l.events, key)
		}
	}
	l.forgot += n
}

// change replaces a row by what f makes of a copy of it.
func (l *Log) change(row int, f func(*Fetch)) {
	if row < 0 || row >= len(l.rows) {
		return
	}
	next := *l.rows[row]
	f(&next)
	l.rows[row] = &next
	l.signal()
}

// targetInfo keeps what kind of target a session is of.
func (f *fold) targetInfo() {
	var p struct {
		TargetInfo struct {
			TargetID         string `json:"targetId"`
			Type             string `json:"type"`
			URL              string `json:"url"`
			BrowserContextID string `json:"browserContextId"`
		} `json:"targetInfo"`
	}
	if cdp.Decode(f.m.Params, &p) == nil && p.TargetInfo.TargetID != "" {
		t := p.TargetInfo
		f.targets[inspector.TargetKey{Instance: f.m.Instance, ID: t.TargetID}] = target{t.Type, t.URL, t.BrowserContextID}
	}
}

// target is what is known of the target a message is of.
func (f *fold) target() target {
	key := inspector.TargetKey{Instance: f.m.Instance, ID: f.m.Target}
	if t, ok := f.targets[key]; ok {
		return t
	}
	if f.s != nil {
		if t := f.s.Target(key); t != nil {
			return target{t.Type, t.URL, t.Context}
		}
	}
	return target{}
}
