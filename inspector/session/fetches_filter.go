package session

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/internal/filter"
)

// rowFilter is FetchFilter of swinspect.d.ts, or a query.
type rowFilter struct {
	Method   string `json:"method"`
	Status   int    `json:"status"`
	Decision string `json:"decision"`
	Source   string `json:"source"`
	Cache    string `json:"cache"`
	Kind     string `json:"kind"`
	url      *pattern
	error    *pattern
	query    *filter.Query
	text     string
}

// rowFilter reads an argument that is one.
func (c *call) rowFilter(i int, base string) *rowFilter {
	f := &rowFilter{}
	if !c.has(i) {
		return f
	}
	if text, ok := c.arg(i).Export().(string); ok {
		q, err := fetches.ParseQuery(text)
		if err != nil {
			c.fail("%v", err)
		}
		f.query, f.text = &q, text
		return f
	}
	o, ok := c.arg(i).(*goja.Object)
	if !ok {
		c.fail("a filter is an object of fields, or text")
	}
	plain := c.f.rt.NewObject()
	for _, key := range o.Keys() {
		v := o.Get(key)
		switch key {
		case "url":
			p, err := c.f.patternOf(v, base)
			if err != nil {
				c.fail("%v", err)
			}
			f.url = p
		case "error":
			f.error = c.textPattern(v)
		default:
			must(plain.Set(key, v))
		}
	}
	c.decode(plain, "the filter", f)
	f.text = c.f.shown(c.arg(i))
	return f
}

// textPattern matches text that contains a string or matches an expression.
func (c *call) textPattern(v goja.Value) *pattern {
	if text, ok := v.Export().(string); ok {
		return &pattern{text: text, re: regexp.MustCompile(regexp.QuoteMeta(text))}
	}
	p, err := c.f.patternOf(v, "")
	if err != nil {
		c.fail("%v", err)
	}
	return p
}

// differs says how a row is not what a filter asks for; "" when it is.
func (f *rowFilter) differs(r *fetches.Fetch) string {
	if f.query != nil {
		if f.query.Match(r.Field) {
			return ""
		}
		return "does not match " + f.text
	}
	for _, x := range []struct{ name, want, has string }{
		{"method", f.Method, r.Method}, {"decision", f.Decision, string(r.Decision)}, {"source", f.Source, string(r.Source)},
		{"cache", f.Cache, r.CacheName}, {"kind", f.Kind, string(r.Kind)},
	} {
		if x.want != "" && x.want != x.has {
			return fmt.Sprintf("its %s is %q, not %q", x.name, x.has, x.want)
		}
	}
	switch {
	case f.url != nil && !f.url.match(r.URL):
		return "its URL is " + r.URL
	case f.Status != 0 && f.Status != r.Status:
		return fmt.Sprintf("its status is %d, not %d", r.Status, f.Status)
	case f.error != nil && !f.error.match(r.Error):
		return fmt.Sprintf("its error is %q", r.Error)
	}
	return ""
}

// rowsWords say which requests there were.
func rowsWords(rows []*fetches.Fetch, after uint64) string {
	var parts []string
	for _, r := range slices.Backward(rows) {
		if r.Seq <= after {
			continue
		}
		if len(parts) == 10 {
			parts = append(parts, "…")
			break
		}
		text := fmt.Sprintf("%s %s (%s, %s)", r.Method, r.URL, r.Decision, r.Source)
		if !r.Done {
			text = fmt.Sprintf("%s %s (under way)", r.Method, r.URL)
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "there was no request"
	}
	slices.Reverse(parts)
	return "there were\n  " + strings.Join(parts, "\n  ")
}

// afterOption reads {timeout, after}.
func (c *call) afterOption(i int) (limit *span, after uint64) {
	o, ok := c.arg(i).(*goja.Object)
	if !ok {
		return nil, 0
	}
	plain := c.f.rt.NewObject()
	for _, key := range o.Keys() {
		if key == "after" {
			row, ok := c.f.goValue(o.Get(key)).(*fetchRow)
			if !ok && !goja.IsUndefined(o.Get(key)) {
				c.fail("after is a row of the fetch log")
			}
			if ok {
				after = row.Seq
			}
			continue
		}
		must(plain.Set(key, o.Get(key)))
	}
	var w struct {
		Timeout *span `json:"timeout"`
	}
	c.decode(plain, "options", &w)
	return w.Timeout, after
}
