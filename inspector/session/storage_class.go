package session

import (
	"context"
	"slices"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/inspector"
)

func (c *call) matchOptions(i int) matchOptions {
	var o matchOptions
	c.options(i, &o)
	return o
}

func thisStorage(c *call) *cacheStorage { return c.this.(*cacheStorage) }
func thisCache(c *call) *cacheOf        { return c.this.(*cacheOf) }

var storageClass = &class{
	name: "CacheStorage", word: "caches",
	getters: map[string]func(*call) goja.Value{
		"origin": func(c *call) goja.Value { return c.f.value(thisStorage(c).from) },
	},
	methods: map[string]func(*call) goja.Value{
		"keys": func(c *call) goja.Value {
			s := thisStorage(c)
			return c.async(func(ctx context.Context) (any, error) { return s.names(ctx) })
		},
		"has": func(c *call) goja.Value {
			s, name := thisStorage(c), c.text(0, "the name")
			return c.async(func(ctx context.Context) (any, error) {
				names, err := s.names(ctx)
				return slices.Contains(names, name), err
			})
		},
		"open": func(c *call) goja.Value { return c.f.value(thisStorage(c).cache(c.text(0, "the name"))) },
		"delete": func(c *call) goja.Value {
			s, name := thisStorage(c), c.text(0, "the name")
			return c.async(func(ctx context.Context) (any, error) {
				names, err := s.names(ctx)
				if err != nil || !slices.Contains(names, name) {
					return false, err
				}
				_, err = s.context.act(ctx, inspector.Action{Kind: inspector.DeleteCache, Cache: (&cacheOf{s, name}).ref()})
				return err == nil, err
			})
		},
		"match": func(c *call) goja.Value {
			s := thisStorage(c)
			q, o := c.request(0, s.context), c.matchOptions(1)
			return c.async(func(ctx context.Context) (any, error) {
				names, err := s.names(ctx)
				for _, name := range names {
					if found, err := (&cacheOf{s, name}).match(ctx, q, o); found != nil || err != nil {
						return found, err
					}
				}
				return undefined{}, err
			})
		},
		"explain": func(c *call) goja.Value {
			s := thisStorage(c)
			q, o := c.request(0, s.context), c.matchOptions(1)
			return c.async(func(ctx context.Context) (any, error) {
				names, err := s.names(ctx)
				all := []explanation{}
				for _, name := range names {
					x, err := (&cacheOf{s, name}).explain(ctx, q, o)
					if err != nil {
						return nil, err
					}
					all = append(all, x)
				}
				return all, err
			})
		},
		"usage": func(c *call) goja.Value {
			s := thisStorage(c)
			return c.async(func(ctx context.Context) (any, error) {
				u, err := s.context.o.browser.Usage(ctx, s.ref())
				if err != nil {
					return nil, err
				}
				return map[string]float64{"usage": u.Usage, "quota": u.Quota, "caches": u.Breakdown["cache_storage"], "padding": float64(u.Padding)}, nil
			})
		},
	},
}

// cachedEntry is CacheEntry of swinspect.d.ts.
type cachedEntry struct {
	Method         string            `json:"method"`
	URL            string            `json:"url"`
	Status         int               `json:"status"`
	Type           string            `json:"type"`
	Size           int64             `json:"size"`
	Vary           string            `json:"vary"`
	Time           float64           `json:"time"`
	RequestHeaders map[string]string `json:"requestHeaders"`
	Headers        map[string]string `json:"headers"`
}

var cacheClass = &class{
	name: "Cache", word: "cache",
	getters: map[string]func(*call) goja.Value{
		"name": func(c *call) goja.Value { return c.f.value(thisCache(c).name) },
	},
	methods: map[string]func(*call) goja.Value{
		"exists": func(c *call) goja.Value {
			k := thisCache(c)
			return c.async(func(ctx context.Context) (any, error) {
				names, err := k.s.names(ctx)
				return slices.Contains(names, k.name), err
			})
		},
		"keys": func(c *call) goja.Value {
			k := thisCache(c)
			return c.async(func(ctx context.Context) (any, error) {
				entries, err := k.entries(ctx)
				urls := []string{}
				for _, e := range entries {
					urls = append(urls, e.URL)
				}
				return urls, err
			})
		},
		"entries": func(c *call) goja.Value {
			k := thisCache(c)
			return c.async(func(ctx context.Context) (any, error) { return k.listed(ctx) })
		},
		"match": func(c *call) goja.Value {
			k := thisCache(c)
			q, o := c.request(0, k.s.context), c.matchOptions(1)
			return c.async(func(ctx context.Context) (any, error) {
				found, err := k.match(ctx, q, o)
				if found == nil {
					return undefined{}, err
				}
				return found, err
			})
		},
		"explain": func(c *call) goja.Value {
			k := thisCache(c)
			q, o := c.request(0, k.s.context), c.matchOptions(1)
			return c.async(func(ctx context.Context) (any, error) { return k.explain(ctx, q, o) })
		},
		"put": func(c *call) goja.Value {
			k := thisCache(c)
			q := c.request(0, k.s.context)
			r := c.response(c.arg(1))
			return c.async(func(ctx context.Context) (any, error) { return undefined{}, k.put(ctx, q, r) })
		},
		"delete": func(c *call) goja.Value {
			k := thisCache(c)
			q := c.request(0, k.s.context)
			return c.async(func(ctx context.Context) (any, error) { return k.remove(ctx, q) })
		},
	},
}

// listed are the entries with the sizes of their bodies.
func (k *cacheOf) listed(ctx context.Context) (any, error) {
	entries, err := k.entries(ctx)
	if err != nil {
		return nil, err
	}
	if k.s.context.taped == nil && len(entries) > 0 {
		urls := make([]string, 0, len(entries))
		for _, e := range entries {
			urls = append(urls, e.URL)
		}
		if k.s.context.o.browser.Measure(ctx, k.ref(), urls) == nil {
			if l, err := k.s.context.o.browser.Entries(ctx, k.ref(), false); err == nil {
				entries = l.Entries
			}
		}
	}
	all := []cachedEntry{}
	for _, e := range entries {
		all = append(all, cachedEntry{e.Method, e.URL, e.Status, e.Type, e.Size, e.Vary, float64(e.Time.UnixMicro()) / 1000, headerMap(e.RequestHeaders), headerMap(e.ResponseHeaders)})
	}
	return all, nil
}

// afterPoll is when to look again at what no event tells.
func afterPoll() <-chan time.Time { return time.After(50 * time.Millisecond) }
