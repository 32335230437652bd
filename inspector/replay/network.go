package replay

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/inspector/recording"
	"github.com/swinspect/swinspect/runtime/clock"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// errUnanswered is why a request failed that the recording has not seen.
var errUnanswered = errors.New("the recording has no answer to this request")

// network answers out of a recording. Each recorded answer is given once, in recorded
// order, those of the event that runs first; the last one of a URL as often as asked.
//
// Concurrency: RoundTrip may be called from any goroutine.
type network struct {
	r       *Recording
	clock   clock.Clock
	live    http.RoundTripper // nil: what was not seen is unanswered
	offline bool
	slow    time.Duration
	latest  bool              // what there was at the moment, rather than what came next
	rows    bool              // what was answered from a cache may stand in: of a HAR there are no snapshots
	scripts map[string][]byte // answered before all else: the script that stands in, its imports

	mu      sync.Mutex
	used    map[string]bool // rows that were given
	asked   func(r *http.Request, row *fetches.Fetch, how string)
	event   string    // ID of the row whose event runs
	now     time.Time // its recorded time
	flying  int       // requests under way that wait for nothing but the machine
	waiting int       // requests that wait for the clock
	started uint64
}

// The ways in which a request was answered.
const (
	asRecorded = "recorded"
	asScript   = "script"
	asLive     = "live"
	asMissing  = "unanswered"
	asSnapshot = "cache snapshot"
	asBodiless = "without body" // status and headers were recorded
)

// RoundTrip implements http.RoundTripper.
func (n *network) RoundTrip(q *http.Request) (*http.Response, error) {
	n.mu.Lock()
	n.flying++
	n.started++
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		n.flying--
		n.mu.Unlock()
	}()
	if q.Body != nil {
		defer func() { _ = q.Body.Close() }() // nothing is done with it
		_, _ = io.Copy(io.Discard, q.Body)    // a stream that fails is the worker's affair
	}
	if n.slow > 0 {
		if err := n.wait(q.Context(), n.slow); err != nil {
			return nil, err
		}
	}
	if n.offline {
		return nil, fetch.ErrOffline
	}
	url := q.URL.String()
	if source, ok := n.scripts[url]; ok && q.Method == http.MethodGet {
		n.tell(q, nil, asScript)
		return response(q, 200, "OK", http.Header{"Content-Type": {"text/javascript"}, "Service-Worker-Allowed": {"/"}}, source), nil
	}
	row := n.choose(q, url)
	if row != nil && !bodiless(row) {
		n.tell(q, row, asRecorded)
		return n.answer(q, row)
	}
	if e := n.r.cached(q, n.rows); e != nil && (n.live == nil || row != nil) {
		n.tell(q, nil, asSnapshot)
		body, err := n.r.body(q.Context(), e.BodyHash)
		if err != nil {
			return nil, err
		}
		return response(q, e.Status, e.StatusText, headerOf(e.ResponseHeaders), body), nil
	}
	if row != nil {
		n.tell(q, row, asBodiless)
		return n.answer(q, row)
	}
	if n.live != nil {
		n.tell(q, nil, asLive)
		return n.live.RoundTrip(q)
	}
	n.tell(q, nil, asMissing)
	return nil, errUnanswered
}

// wait lets the clock's time pass; the request is no work for the machine meanwhile.
func (n *network) wait(ctx context.Context, d time.Duration) error {
	n.mu.Lock()
	n.flying--
	n.waiting++
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		n.flying++
		n.waiting--
		n.mu.Unlock()
	}()
	return clock.Sleep(ctx, n.clock, d)
}

func (n *network) tell(q *http.Request, row *fetches.Fetch, how string) {
	n.mu.Lock()
	asked := n.asked
	n.mu.Unlock()
	if asked != nil {
		asked(q, row, how)
	}
}

// busy reports whether a request is on its way and not waiting for the clock, and how
// many were begun so far.
func (n *network) busy() (flying int, started uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.flying, n.started
}

// at sets the event that runs.
func (n *network) at(event string, now time.Time) {
	n.mu.Lock()
	n.event, n.now = event, now
	n.mu.Unlock()
}

// answer makes a row the response that the network gave.
func (n *network) answer(q *http.Request, row *fetches.Fetch) (*http.Response, error) {
	if row.Status == 0 {
		return nil, errors.New(row.Error)
	}
	var body []byte
	if b := row.ResponseBody; b.Hash != "" {
		var err error
		if body, err = n.r.body(q.Context(), b.Hash); err != nil && !errors.Is(err, recording.ErrNoBody) {
			return nil, err
		}
	}
	header := headerOf(row.ResponseHeaders)
	coded, err := encode(body, header.Values("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	return response(q, row.Status, row.StatusText, header, coded), nil
}

// headerOf is recorded headers as HTTP's; what was redacted is left out.
func headerOf(l []inspector.Header) http.Header {
	h := http.Header{}
	for _, e := range l {
		if e.Value != recording.Redacted && !strings.HasPrefix(e.Name, ":") {
			h.Add(e.Name, e.Value)
		}
	}
	return h
}

func response(q *http.Request, status int, text string, header http.Header, body []byte) *http.Response {
	if text == "" {
		text = http.StatusText(status)
	}
	r := &http.Response{
		Status: strconv.Itoa(status) + " " + text, StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, ContentLength: int64(len(body)), Request: q, Body: io.NopCloser(bytes.NewReader(body)),
	}
	if q.Method == http.MethodHead || fetch.NullBodyStatus(status) {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	return r
}

// encode undoes what the recorder's browser had decoded, so that the worker sees the
// headers that came and the bytes that they speak of.
func encode(body []byte, codings []string) ([]byte, error) {
	var names []string
	for _, line := range codings {
		for c := range strings.SplitSeq(line, ",") {
			names = append(names, strings.ToLower(strings.TrimSpace(c)))
		}
	}
	if len(body) == 0 {
		return body, nil
	}
	for _, c := range names {
		var b bytes.Buffer
		var w io.WriteCloser
		switch c {
		case "gzip", "x-gzip":
			w, _ = gzip.NewWriterLevel(&b, gzip.NoCompression) // the level is a good one
		case "deflate":
			w = zlib.NewWriter(&b)
		case "br":
			w = brotli.NewWriterLevel(&b, 0)
		default:
			continue // the engine leaves what it does not know
		}
		if _, err := w.Write(body); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		body = b.Bytes()
	}
	return body, nil
}

// cached finds an answer among the snapshots of caches: what was fetched before the
// recording began; with rows also among what workers answered from their caches.
func (r *Recording) cached(q *http.Request, rows bool) *recording.SnapshotEntry {
	if q.Method != http.MethodGet || q.Header.Get("Range") != "" {
		return nil
	}
	for _, e := range r.snapshotEntries(q.Context())[q.URL.String()] {
		if sameVariant(e.ResponseHeaders, e.RequestHeaders, q) {
			return e
		}
	}
	if !rows {
		return nil
	}
	for _, f := range r.fromCache[q.URL.String()] {
		return &recording.SnapshotEntry{Method: f.Method, URL: f.URL, Status: f.Status, StatusText: f.StatusText, ResponseHeaders: f.ResponseHeaders, BodyHash: f.ResponseBody.Hash}
	}
	return nil
}

// snapshotEntries are the entries of all caches at the end, by URL, those with bodies
// that are no opaque ones.
func (r *Recording) snapshotEntries(ctx context.Context) map[string][]*recording.SnapshotEntry {
	r.mu.Lock()
	known := r.entries
	r.mu.Unlock()
	if known != nil {
		return known
	}
	known = map[string][]*recording.SnapshotEntry{}
	all, err := r.file.Caches(ctx, time.Time{})
	if err == nil {
		for _, ref := range sortedRefs(all) {
			for i := range all[ref].Entries {
				e := &all[ref].Entries[i]
				if e.BodyHash != "" && e.Method == http.MethodGet && e.Status != 0 && !slices.Contains([]string{"opaque", "opaqueredirect", "error"}, e.ResponseType) {
					known[e.URL] = append(known[e.URL], e)
				}
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = known
	return known
}
