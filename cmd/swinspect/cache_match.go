package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector"
)

type cacheMatch struct {
	cacheFlags
	cache   string
	method  string
	headers []string
	options inspector.MatchOptions
}

// matchView is what one cache says to the request.
type matchView struct {
	Cache      string          `json:"cache"`
	Result     string          `json:"result"` // pass fail unknown
	Verdict    string          `json:"verdict"`
	Hint       string          `json:"hint,omitempty"`
	Entry      *entryView      `json:"entry,omitempty"` // the one that answers
	Candidates []candidateView `json:"candidates"`
}

type candidateView struct {
	URL    string              `json:"url"`
	Method string              `json:"method"`
	Result string              `json:"result"`
	Steps  map[string]stepView `json:"steps"` // method url search vary
}

type stepView struct {
	Result  string `json:"result"`
	Request string `json:"request"`
	Entry   string `json:"entry"`
	Detail  string `json:"detail,omitempty"`
}

func newCacheMatch(io stdio) *cobra.Command {
	c := &cacheMatch{}
	cmd := &cobra.Command{
		Use:   "match SCOPE URL",
		Short: "Would this request match, and if not, which step failed?",
		Long: `Asks the caches, in creation order as caches.match() does, whether they hold an
answer to a request, and says for the entries that come near which step turned
them away: method, URL, search or Vary, with both values.

Exit status: 0 when an entry answers; 1 when none does or it cannot be told.`,
		Example: `  swinspect cache match /shop/ https://app.example/shop/app.js
  swinspect cache match /shop/ 'https://app.example/shop/app.js?v=2' --ignore-search
  swinspect cache match /shop/ https://app.example/api --cache v3 -H 'Accept: text/html' --json`,
		Args:              args("SCOPE", "URL"),
		ValidArgsFunction: completeScope(io, &c.connection),
	}
	c.bind(cmd)
	f := cmd.Flags()
	f.StringVar(&c.cache, "cache", "", "ask only the cache of this `NAME`")
	f.StringVar(&c.method, "method", "GET", "the request's `METHOD`")
	f.StringArrayVarP(&c.headers, "header", "H", nil, "a header of the request, `\"Name: value\"`; repeatable")
	f.BoolVar(&c.options.IgnoreSearch, "ignore-search", false, "as the option of match()")
	f.BoolVar(&c.options.IgnoreMethod, "ignore-method", false, "as the option of match()")
	f.BoolVar(&c.options.IgnoreVary, "ignore-vary", false, "as the option of match()")
	run := c.with(io, c.run)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if u, err := url.Parse(args[1]); err != nil || !u.IsAbs() {
			return usage("%q is not an absolute URL: write https://…", args[1])
		}
		if _, err := parseHeaders(c.headers); err != nil {
			return err
		}
		return run(cmd, args)
	}
	return cmd
}

func (c *cacheMatch) run(ctx context.Context, s *session, args []string) error {
	headers, err := parseHeaders(c.headers)
	if err != nil {
		return err
	}
	refs, err := c.refs(ctx, s, args[0])
	if err != nil {
		return err
	}
	q := inspector.MatchRequest{Method: c.method, URL: args[1], Headers: headers}
	views := []matchView{}
	answered := false
	for _, ref := range refs {
		v, err := c.ask(ctx, s, ref, q)
		if err != nil {
			return err
		}
		views = append(views, v)
		if v.Result == string(inspector.Pass) {
			answered = true
			break // caches.match() asks no further
		}
	}
	if s.json {
		err = s.io.json(views)
	} else {
		err = printMatches(s.io, views)
	}
	if err == nil && !answered {
		return errSaid
	}
	return err
}

// refs are the caches to ask, in order.
func (c *cacheMatch) refs(ctx context.Context, s *session, scope string) ([]inspector.CacheRef, error) {
	if c.cache != "" {
		ref, err := s.cache(ctx, scope, c.bucket, c.cache)
		return []inspector.CacheRef{ref}, err
	}
	storage, err := s.storage(ctx, scope, c.bucket)
	if err != nil {
		return nil, err
	}
	if len(storage.Caches) == 0 {
		return nil, fmt.Errorf("%s has no caches: nothing can match", clean(storage.Ref.StorageKey))
	}
	var refs []inspector.CacheRef
	for _, cache := range storage.Caches {
		refs = append(refs, inspector.CacheRef{StorageRef: storage.Ref, Name: cache.Name})
	}
	return refs, nil
}

// ask tests one cache. One that cannot be listed is looked up by URL: then only
// the entry of exactly this URL can be judged.
func (c *cacheMatch) ask(ctx context.Context, s *session, ref inspector.CacheRef, q inspector.MatchRequest) (matchView, error) {
	var entries []inspector.CacheEntry
	listing, err := s.entries(ctx, ref)
	switch {
	case errors.Is(err, errTooBig):
		s.io.say("cache %s is too large to list: only the entry of exactly this URL is looked at", quote(ref.Name))
		ctx, cancel := s.wait(ctx)
		defer cancel()
		entry, err := s.lookup(ctx, ref, q.URL)
		if err != nil {
			return matchView{}, fmt.Errorf("looking up %s in cache %s: %w", clean(q.URL), quote(ref.Name), err)
		}
		if entry != nil {
			entries = append(entries, *entry)
		}
	case err != nil:
		return matchView{}, err
	default:
		entries = listing.Entries
	}
	return viewMatch(ref.Name, entries, inspector.MatchCache(entries, q, c.options)), nil
}

func viewMatch(cache string, entries []inspector.CacheEntry, r inspector.MatchReport) matchView {
	v := matchView{Cache: cache, Result: string(r.Result), Verdict: r.Verdict, Hint: r.Hint, Candidates: []candidateView{}}
	if r.Result == inspector.Pass && r.First >= 0 && r.First < len(entries) {
		e := viewEntry(entries[r.First])
		v.Entry = &e
	}
	for _, c := range r.Candidates {
		v.Candidates = append(v.Candidates, candidateView{
			URL: c.Entry.URL, Method: c.Entry.Method, Result: string(c.Result),
			Steps: map[string]stepView{
				"method": viewStep(c.Method), "url": viewStep(c.URL), "search": viewStep(c.Search), "vary": viewStep(c.Vary),
			},
		})
	}
	return v
}

func viewStep(s inspector.MatchStep) stepView {
	return stepView{string(s.Result), s.Query, s.Entry, s.Detail}
}

func printMatches(io stdio, views []matchView) error {
	p := &page{out: io.out}
	for _, v := range views {
		p.line("%s: %s", clean(short(v.Cache)), clean(v.Verdict))
		for _, c := range v.Candidates {
			p.line("  %s %s: %s", clean(c.Method), clean(c.URL), c.Result)
			for _, name := range []string{"method", "url", "search", "vary"} {
				step := c.Steps[name]
				if step.Result != string(inspector.Fail) && step.Result != string(inspector.Unknown) {
					continue
				}
				line := fmt.Sprintf("    %s %s: request %q, entry %q", name, step.Result, step.Request, step.Entry)
				if step.Detail != "" {
					line += ": " + clean(step.Detail)
				}
				p.line("%s", line)
			}
		}
		if v.Hint != "" {
			p.line("  %s", clean(v.Hint))
		}
	}
	return p.err
}
