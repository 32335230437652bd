package session

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/inspector/explain"
	"github.com/swinspect/swinspect/inspector/fetches"
)

// fetchRow is FetchRow of swinspect.d.ts.
type fetchRow struct{ *fetches.Fetch }

func (r *fetchRow) class() *class { return rowClass }

func (r *fetchRow) String() string {
	return strings.TrimSpace(fmt.Sprintf("Fetch %s %s → %d %s %s", r.Method, r.URL, r.Status, r.Decision, r.Source))
}

func thisFetches(c *call) *fetchesOf { return c.this.(*fetchesOf) }

var fetchesClass = &class{
	name: "Fetches", word: "fetches", plain: true,
	methods: map[string]func(*call) goja.Value{
		"list": func(c *call) goja.Value {
			x := thisFetches(c)
			want := c.rowFilter(0, x.c.base())
			return c.async(func(ctx context.Context) (any, error) {
				rows, err := x.rows(ctx)
				all := []*fetchRow{}
				for _, r := range rows {
					if want.differs(r) == "" {
						all = append(all, &fetchRow{r})
					}
				}
				return all, err
			})
		},
		"waitFor": func(c *call) goja.Value {
			x := thisFetches(c)
			want := c.rowFilter(0, x.c.base())
			limit, after := c.afterOption(1)
			return c.async(func(ctx context.Context) (any, error) {
				r, err := x.await(ctx, limit, after, "a request with "+want.text, func(r *fetches.Fetch) bool { return want.differs(r) == "" })
				return rowOrNil(r, err)
			})
		},
		"expect": func(c *call) goja.Value {
			x := thisFetches(c)
			url, want := c.pattern(0, x.c.base()), c.rowFilter(1, x.c.base())
			limit, after := c.afterOption(2)
			return c.async(func(ctx context.Context) (any, error) {
				r, err := x.await(ctx, limit, after, "a request of "+url.text, func(r *fetches.Fetch) bool { return url.match(r.URL) && (want.Kind != "" || r.Parent == "") })
				if err != nil {
					return nil, err
				}
				if why := want.differs(r); why != "" {
					return nil, &assertion{message: fmt.Sprintf("expected the request %s %s to be %s: %s\n%s", r.Method, r.URL, want.text, why, explain.Sentence(r)), expected: want.text, received: (&fetchRow{r}).String()}
				}
				return &fetchRow{r}, nil
			})
		},
		"explain": func(c *call) goja.Value { return thisFetches(c).explainCall(c) },
		"replay": func(c *call) goja.Value {
			x := thisFetches(c)
			row, ok := c.f.goValue(c.arg(0)).(*fetchRow)
			if !ok {
				c.fail("what is replayed is a row of the fetch log, not %s", c.f.shown(c.arg(0)))
			}
			return c.async(func(ctx context.Context) (any, error) { return x.replay(ctx, row.Fetch) })
		},
		"clear": func(c *call) goja.Value {
			x := thisFetches(c)
			return c.async(func(ctx context.Context) (any, error) {
				rows, err := x.rows(ctx)
				x.mu.Lock()
				defer x.mu.Unlock()
				for _, r := range rows {
					x.after = max(x.after, r.Seq)
				}
				return undefined{}, err
			})
		},
	},
}

func rowOrNil(r *fetches.Fetch, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return &fetchRow{r}, nil
}

func rowField(get func(*fetches.Fetch) any) func(*call) goja.Value {
	return func(c *call) goja.Value { return c.f.value(get(c.this.(*fetchRow).Fetch)) }
}

var rowClass = &class{
	name: "FetchRow", word: "row", plain: true,
	getters: map[string]func(*call) goja.Value{
		"id":             rowField(func(r *fetches.Fetch) any { return r.ID }),
		"method":         rowField(func(r *fetches.Fetch) any { return r.Method }),
		"url":            rowField(func(r *fetches.Fetch) any { return r.URL }),
		"kind":           rowField(func(r *fetches.Fetch) any { return string(r.Kind) }),
		"page":           rowField(func(r *fetches.Fetch) any { return r.Page }),
		"status":         rowField(func(r *fetches.Fetch) any { return r.Status }),
		"decision":       rowField(func(r *fetches.Fetch) any { return string(r.Decision) }),
		"source":         rowField(func(r *fetches.Fetch) any { return string(r.Source) }),
		"cache":          rowField(func(r *fetches.Fetch) any { return r.CacheName }),
		"route":          rowField(func(r *fetches.Fetch) any { return r.Route }),
		"error":          rowField(func(r *fetches.Fetch) any { return r.Error }),
		"requestHeaders": rowField(func(r *fetches.Fetch) any { return headerMap(r.RequestHeaders) }),
		"headers":        rowField(func(r *fetches.Fetch) any { return headerMap(r.ResponseHeaders) }),
		"began": rowField(func(r *fetches.Fetch) any {
			return float64(r.Began.UnixMicro()) / float64(time.Millisecond/time.Microsecond)
		}),
		"done":     rowField(func(r *fetches.Fetch) any { return r.Done }),
		"sentence": rowField(func(r *fetches.Fetch) any { return explain.Sentence(r) }),
	},
}
