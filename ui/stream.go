package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/swinspect/swinspect/ui/components"
)

const (
	// streamEvery is the shortest time between two patches of one page. The
	// first change after a quiet moment is sent at once.
	streamEvery = 40 * time.Millisecond
	// streamBeat is how often a quiet stream shows that it is alive.
	streamBeat = 15 * time.Second
	// streamStall is how long a reader may stand still before it is let go.
	streamStall = 10 * time.Second
)

var seed = maphash.MakeSeed()

// maxPages is how many pages one stream keeps up to date.
const maxPages = 64

// stream is the live connection of one or more open pages (a browser's pages
// share one). It renders each again after every change and sends the parts that
// differ from what it sent before. It runs on its request's goroutine and ends
// with the request or the server.
type stream struct {
	s     *Server
	r     *http.Request // the stream's own request
	w     http.ResponseWriter
	out   *http.ResponseController
	pages []*livePage
}

// livePage is one page of a stream.
type livePage struct {
	path  string            // path and query
	sent  map[string]uint64 // hash by part
	moved bool              // told to go elsewhere
}

// events answers GET /events?page=PATH&page=… with server-sent events:
//
//	hello {boot}               once, first
//	patch {page, now, parts}   parts: [id, html] of what changed, now in ms
//	go    {page, to}           the page has moved
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	paths := r.URL.Query()["page"]
	if len(paths) == 0 || len(paths) > maxPages || slices.ContainsFunc(paths, notLive) {
		refuse(w, http.StatusBadRequest, "This is no live page.")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	st := &stream{s: s, r: r, w: w, out: http.NewResponseController(w)}
	for _, path := range paths {
		st.pages = append(st.pages, &livePage{path: path, sent: map[string]uint64{}})
	}
	if err := st.run(r.Context()); err != nil {
		s.log.DebugContext(r.Context(), "stream ended", "pages", paths, "error", err)
	}
}

func notLive(page string) bool {
	return page == "" || localPath(page) != page || strings.HasPrefix(page, "/events") || strings.HasPrefix(page, "/assets/")
}

func (st *stream) run(ctx context.Context) error {
	if err := st.send("hello", map[string]string{"boot": st.s.boot, "assets": st.s.assets.Hash()}); err != nil {
		return err
	}
	for {
		// The signals are taken before the page is rendered, so that a change
		// in between is not lost.
		st.s.seats.settle(ctx)
		signals := st.s.signals()
		for _, p := range st.pages {
			if err := st.patch(ctx, p); err != nil {
				return err
			}
		}
		throttle := time.After(streamEvery)
		if err := st.wait(ctx, signals); err != nil {
			return err
		}
		select {
		case <-throttle:
		case <-ctx.Done():
			return ctx.Err()
		case <-st.s.life.Done():
			return http.ErrServerClosed
		}
	}
}

// signals are closed when something that any page shows changes.
func (s *Server) signals() []<-chan struct{} {
	out := []<-chan struct{}{s.opts.Hub.Changed(), s.library.Changed(), s.replays.Changed(), s.notices.Changed(), s.found.Changed(), s.reads.Changed(),
		s.values.Changed(), s.seats.Changed(), s.scripts.Changed(), s.opts.Breakpoints.Changed()}
	for _, b := range s.browsers() {
		out = append(out, b.Changed())
		if seat := s.seats.get(b.ID()); seat != nil {
			out = append(out, seat.debugger.Changed())
		}
	}
	return out
}

// wait returns nil when one of the signals is closed, and beats while none is.
func (st *stream) wait(ctx context.Context, signals []<-chan struct{}) error {
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	cases := []reflect.SelectCase{
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ctx.Done())},
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(st.s.life.Done())},
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(beat.C)},
	}
	for _, c := range signals {
		cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(c)})
	}
	for {
		switch chosen, _, _ := reflect.Select(cases); chosen {
		case 0:
			return ctx.Err()
		case 1:
			return http.ErrServerClosed
		case 2:
			if err := st.write([]byte(": alive\n\n")); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// patch renders a page and sends what differs.
func (st *stream) patch(ctx context.Context, p *livePage) error {
	if p.moved {
		return nil
	}
	f := &components.Fragments{}
	to := st.s.renderLive(components.WithFragments(ctx, f), st.r, p.path)
	if to != "" {
		p.moved = true
		return st.send("go", map[string]string{"page": p.path, "to": to})
	}
	parts := make([][2]string, 0, len(f.IDs))
	for _, id := range f.IDs {
		sum := maphash.Bytes(seed, f.HTML[id])
		if before, ok := p.sent[id]; ok && before == sum {
			continue
		}
		p.sent[id] = sum
		parts = append(parts, [2]string{id, string(f.HTML[id])})
	}
	if len(parts) == 0 {
		return nil
	}
	return st.send("patch", map[string]any{"page": p.path, "now": f.NowOr(st.s.opts.Now()).UnixMilli(), "parts": parts})
}

// renderLive renders a page for its fragments alone and returns where it leads
// when it has moved.
func (s *Server) renderLive(ctx context.Context, from *http.Request, page string) (to string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return "/"
	}
	r.Host = from.Host
	for _, c := range from.Cookies() {
		r.AddCookie(c)
	}
	w := &discard{header: http.Header{}}
	s.mux.ServeHTTP(w, r)
	if w.status >= 300 && w.status < 400 {
		return localPath(w.header.Get("Location"))
	}
	return ""
}

// discard is a response nobody reads: the fragments are what counts.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

func (st *stream) send(event string, data any) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "event: %s\ndata: ", event)
	enc := json.NewEncoder(&b) // escapes line ends, and ends with one
	enc.SetEscapeHTML(false)
	if err := enc.Encode(data); err != nil {
		return fmt.Errorf("ui: encode %s: %w", event, err)
	}
	b.WriteByte('\n')
	return st.write(b.Bytes())
}

func (st *stream) write(b []byte) error {
	err := st.out.SetWriteDeadline(time.Now().Add(streamStall))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("ui: stream: %w", err)
	}
	if _, err := st.w.Write(b); err != nil {
		return fmt.Errorf("ui: stream: %w", err)
	}
	if err := st.out.Flush(); err != nil {
		return fmt.Errorf("ui: stream: %w", err)
	}
	return nil
}
