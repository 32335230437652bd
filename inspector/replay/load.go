package replay

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/inspector/recording"
)

// Recording is a recording that can be replayed: its rows, scripts and answers by
// name. It reads bodies, caches and states from the file as they are needed.
type Recording struct {
	file     *recording.File
	meta     recording.Meta
	rows     []*fetches.Fetch
	byID     map[string]*fetches.Fetch
	next     map[string]*fetches.Fetch // what a row was redirected to
	answers  map[string][]*fetches.Fetch
	scripts  map[string]*scripts // by version
	problems []string

	mu     sync.Mutex
	bodies map[string][]byte // small ones that were read
	held   int
	// entries are those of the caches at the end, by URL; nil: not read yet.
	entries map[string][]*recording.SnapshotEntry
	end     time.Time // of the last message
	// fromCache are the rows that were answered from a cache, bodies and all, by URL.
	fromCache map[string][]*fetches.Fetch
	twins     map[string]bool // rows of events whose request has a row of its own
	// posted are the request bodies that stand in the messages, by hash.
	posted     map[string][]byte
	readPosted sync.Once
}

var emptyHash = fetches.Hash(nil)

// scripts are the scripts of a version: its own first.
type scripts struct {
	version, url string
	all          []scriptSource
}

type scriptSource struct {
	url    string
	source []byte
}

// Load reads the rows of a recording. The file stays the caller's and must stay open.
func Load(ctx context.Context, f *recording.File) (*Recording, error) {
	r := &Recording{
		file: f, meta: f.Meta(), byID: map[string]*fetches.Fetch{}, next: map[string]*fetches.Fetch{}, answers: map[string][]*fetches.Fetch{},
		scripts: map[string]*scripts{}, bodies: map[string][]byte{}, fromCache: map[string][]*fetches.Fetch{},
	}
	const page = 5000
	in := newInterner()
	for from := 0; ; from += page {
		rows, _, total, err := f.Fetches().Rows(ctx, "", "time", from, page)
		if err != nil {
			return nil, fmt.Errorf("replay: reading the requests of %s: %w", f.Path(), err)
		}
		for _, row := range rows {
			r.rows = append(r.rows, in.row(row))
		}
		if len(rows) == 0 || len(r.rows) >= total {
			break
		}
	}
	slices.SortStableFunc(r.rows, func(a, b *fetches.Fetch) int {
		return cmp.Or(a.Began.Compare(b.Began), cmp.Compare(a.Seq, b.Seq))
	})
	r.joinTwins()
	r.placeAll(ctx)
	for _, row := range r.rows {
		r.byID[row.ID] = row
		if row.RedirectedFrom != "" {
			r.next[row.RedirectedFrom] = row
		}
		if row.Source == fetches.FromCache && row.Method == "GET" && row.Status == 200 && row.ResponseBody.Hash != "" {
			r.fromCache[row.URL] = append(r.fromCache[row.URL], row)
		}
		if isAnswer(row) {
			key := answerKey(row.Method, row.URL)
			r.answers[key] = append(r.answers[key], row)
		}
	}
	_, r.end = f.Span()
	return r, r.loadScripts(ctx)
}

// Meta is what the recording says of itself.
func (r *Recording) Meta() recording.Meta { return r.meta }

// Problems are what is missing from the recording, in words.
func (r *Recording) Problems() []string { return r.problems }

// isAnswer reports whether a row shows what the network answered.
func isAnswer(f *fetches.Fetch) bool {
	if f.Status == 0 && (f.Error == "" || !f.Done || f.RedirectedFrom != "" || gaveUp(f.Error)) {
		return false
	}
	switch f.Kind {
	case fetches.KindWorker, fetches.KindScript, fetches.KindPreload:
		return f.Status != 0 || strings.HasPrefix(f.Error, "net::ERR")
	}
	switch f.Source {
	case fetches.FromNetwork, fetches.FromHTTPCache, fetches.FromPreload:
		return f.Status != 0
	}
	switch f.Decision {
	case fetches.NotControlled, fetches.FellThrough, fetches.NoFetchHandler, fetches.EmptyFetchHandler, fetches.Bypassed, fetches.Unknown:
		return true
	}
	return false
}

// gaveUp reports an error that is the client's own doing.
func gaveUp(err string) bool { return strings.Contains(err, "ERR_ABORTED") || err == "canceled" }

func answerKey(method, url string) string {
	base, _, _ := strings.Cut(url, "#")
	return method + " " + base
}

// loadScripts gathers the scripts of all versions: those that were told, and where
// they were not, those among the requests.
func (r *Recording) loadScripts(ctx context.Context) error {
	all, err := r.file.Scripts(ctx, time.Time{})
	if err != nil {
		return fmt.Errorf("replay: reading the scripts of %s: %w", r.file.Path(), err)
	}
	for _, s := range all {
		body, err := r.file.Body(ctx, s.Hash)
		if err != nil {
			r.problem("the source of %s: %v", s.URL, err)
			continue
		}
		v := r.scripts[s.Version]
		if v == nil {
			v = &scripts{version: s.Version, url: s.ScriptURL}
			r.scripts[s.Version] = v
		}
		i := slices.IndexFunc(v.all, func(o scriptSource) bool { return o.url == s.URL })
		switch {
		case i >= 0:
			v.all[i].source = body
		case s.URL == s.ScriptURL:
			v.all = slices.Insert(v.all, 0, scriptSource{s.URL, body})
		default:
			v.all = append(v.all, scriptSource{s.URL, body})
		}
	}
	return nil
}

func (r *Recording) problem(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(r.problems, text) && len(r.problems) < 100 {
		r.problems = append(r.problems, text)
	}
}

// scriptsOf are the scripts of a version, found among the requests when the version
// did not tell them; nil when there are none.
func (r *Recording) scriptsOf(ctx context.Context, version *inspector.Version, versionID string, at time.Time) *scripts {
	if s := r.scripts[versionID]; s != nil && len(s.all) > 0 && s.all[0].url == s.url {
		return s
	}
	if version == nil {
		return nil
	}
	rows := r.answers[answerKey("GET", version.ScriptURL)]
	var best *fetches.Fetch
	for _, row := range rows {
		if row.ResponseBody.Hash == "" || row.Status >= 400 {
			continue
		}
		if best == nil || !row.Began.After(at) {
			best = row
		}
	}
	if best == nil {
		return nil
	}
	body, err := r.body(ctx, best.ResponseBody.Hash)
	if err != nil {
		return nil
	}
	return &scripts{version: versionID, url: version.ScriptURL, all: []scriptSource{{version.ScriptURL, body}}}
}

// maxHeld bounds the bodies that are kept in memory.
const maxHeld = 64 << 20

// body reads a recorded body.
func (r *Recording) body(ctx context.Context, hash string) ([]byte, error) {
	r.mu.Lock()
	b, ok := r.bodies[hash]
	r.mu.Unlock()
	if ok {
		return b, nil
	}
	b, err := r.file.Body(ctx, hash)
	if err != nil {
		if b = r.sent(ctx)[hash]; b != nil {
			err = nil
		}
	}
	if err != nil && hash == emptyHash {
		b, err = []byte{}, nil
	}
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(b) < 1<<20 {
		if r.held+len(b) > maxHeld {
			clear(r.bodies)
			r.held = 0
		}
		r.bodies[hash] = b
		r.held += len(b)
	}
	return b, nil
}

// sent are the bodies of requests that a browser told with the request itself.
func (r *Recording) sent(ctx context.Context) map[string][]byte {
	r.readPosted.Do(func() {
		r.posted = map[string][]byte{}
		for m, err := range r.file.Messages(ctx, time.Time{}) {
			if err != nil {
				return
			}
			if m.Method != "Network.requestWillBeSent" {
				continue
			}
			var p struct {
				Request struct {
					PostData *string `json:"postData"`
				} `json:"request"`
			}
			if cdp.Decode(m.Params, &p) == nil && p.Request.PostData != nil {
				b := []byte(*p.Request.PostData)
				r.posted[fetches.Hash(b)] = b
			}
		}
	})
	return r.posted
}
