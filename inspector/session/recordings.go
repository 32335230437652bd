package session

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/inspector/recording"
)

// recordingOf is what is behind a Recording of swinspect.d.ts.
type recordingOf struct {
	path  string
	rec   Recording
	still *Still
	last  bool // it is the one that opened the file, and closes it
}

func (t *recordingOf) fetches() fetches.Table { return t.still.Fetches }

// changes are what happened up to the moment; none of what is no recording.
func (t *recordingOf) changes() []inspector.Change {
	if t == nil {
		return nil
	}
	return t.still.Changes
}

// caches are those of an origin, by name.
func (t *recordingOf) caches(ctx context.Context, s *cacheStorage) (map[string]*recording.Snapshot, error) {
	all, err := t.still.Caches(ctx)
	of := map[string]*recording.Snapshot{}
	for ref, kept := range all {
		if ref.Context == s.context.id && ref.StorageKey == s.from+"/" && ref.Bucket == "" {
			of[ref.Name] = kept
		}
	}
	return of, err
}

// cacheNames are in the order of CacheStorage.keys(), as far as it was recorded.
func (t *recordingOf) cacheNames(ctx context.Context, s *cacheStorage) ([]string, error) {
	of, err := t.caches(ctx, s)
	order := map[string]int{}
	for _, st := range t.still.Browser.State().Storages {
		if st.Ref.Context == s.context.id && st.Ref.StorageKey == s.from+"/" {
			for i, c := range st.Caches {
				order[c.Name] = i
			}
		}
	}
	names := sortedKeys(of)
	slices.SortStableFunc(names, func(a, b string) int { return order[a] - order[b] })
	return names, err
}

// cache is one of them; nil when its content was not recorded.
func (t *recordingOf) cache(ctx context.Context, k *cacheOf) (*recording.Snapshot, error) {
	of, err := t.caches(ctx, k.s)
	return of[k.name], err
}

func (t *recordingOf) traces() bool {
	for _, c := range t.still.Browser.State().Contexts {
		if c.Traces {
			return true
		}
	}
	return false
}

func (t *recordingOf) close() error {
	err := t.still.Close()
	if t.last {
		err = errors.Join(err, t.rec.Close())
	}
	return err
}

// openRecording is open(path).
func (f *file) openRecording(c *call) goja.Value {
	path := f.resolvePath(c.text(0, "the recording"))
	f.read(path)
	s := f.current()
	return c.async(func(ctx context.Context) (any, error) {
		rec, err := f.run.Host.Recording(ctx, path)
		if err != nil {
			return nil, err
		}
		b, err := s.stillAt(ctx, &recordingOf{path: path, rec: rec, last: true}, time.Time{})
		if err != nil {
			return nil, errors.Join(err, rec.Close())
		}
		return b, nil
	})
}

// stillAt is a recording as of a moment.
func (s *stage) stillAt(ctx context.Context, t *recordingOf, at time.Time) (*browserContext, error) {
	still, err := t.rec.At(ctx, at)
	if err != nil {
		return nil, err
	}
	t.still = still
	o := &opened{browser: still.Browser, product: t.path, backend: &Backend{Name: t.path, Shared: true}}
	c := &browserContext{f: s.f, stage: s, o: o, root: true, taped: t}
	c.network, c.clock, c.fetches = &networkOf{c: c}, &clockOf{c: c}, &fetchesOf{c: c}
	state := still.Browser.State()
	for _, x := range state.Contexts {
		if c.id == "" || x.Default {
			c.id = x.ID
		}
	}
	for _, r := range state.Registrations { // one that has something to show
		c.id, c.origin = r.Key.Context, originOf(r.Scope)
		break
	}
	s.closes(c, c.dispose)
	return c, nil
}

func thisRecording(c *call) *recordingOf { return c.this.(*browserContext).taped }

var recordingClass = &class{
	name: "Recording", word: "recording", parent: browserClass,
	getters: map[string]func(*call) goja.Value{
		"from": func(c *call) goja.Value {
			from, _ := thisRecording(c).rec.Bounds()
			return c.f.value(from)
		},
		"to": func(c *call) goja.Value {
			_, to := thisRecording(c).rec.Bounds()
			return c.f.value(to)
		},
	},
	methods: map[string]func(*call) goja.Value{
		"at": func(c *call) goja.Value {
			x, t := thisContext(c), thisRecording(c)
			at := c.moment(0, t)
			return c.async(func(ctx context.Context) (any, error) {
				return x.stage.stillAt(ctx, &recordingOf{path: t.path, rec: t.rec}, at)
			})
		},
		"replay": func(c *call) goja.Value {
			t := thisRecording(c)
			var o struct {
				Script string `json:"script"`
				Filter string `json:"filter"`
			}
			c.options(0, &o)
			if o.Script != "" {
				o.Script = c.f.resolvePath(o.Script)
				c.f.read(o.Script)
			}
			return c.async(func(ctx context.Context) (any, error) { return t.rec.Replay(ctx, o.Script, o.Filter) })
		},
	},
}

// moment reads a moment of a recording.
func (c *call) moment(i int, t *recordingOf) time.Time {
	from, to := t.rec.Bounds()
	data, ok := c.f.json(c.arg(i))
	if !ok {
		c.fail("the moment is a number of milliseconds, a date, or '5s' after the beginning")
	}
	var ms float64
	if json.Unmarshal(data, &ms) == nil {
		return time.UnixMicro(int64(ms * 1000))
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		c.fail("the moment is a number of milliseconds, a date, or '5s' after the beginning, not %s", c.f.shown(c.arg(i)))
	}
	if d, err := parseSpan(text); err == nil {
		return from.Add(d)
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		c.fail("%q is no moment: the recording is from %s to %s", text, from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	return at
}
