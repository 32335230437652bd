package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/internal/filter"
)

// sortKeys are the fields that --sort knows. --filter knows inspector.EntryFields,
// as the page does.
var sortKeys = []string{"url", "method", "status", "type", "content-type", "vary", "size", "time"}

type cacheLs struct {
	cacheFlags
	filter, sort string
	sizes        bool
}

func newCacheLs(io stdio) *cobra.Command {
	c := &cacheLs{}
	cmd := &cobra.Command{
		Use:   "ls SCOPE [CACHE]",
		Short: "List the caches of a registration's storage key, or the entries of one",
		Long: `Without CACHE it lists the caches in creation order, which is the order in which
caches.match() asks them. With CACHE it lists the entries in the cache's order.

--filter is the language of every table of the page: url:, status:200,0,
size:>10k, -type:opaque, free text, * globs, "quotes". Fields:
` + strings.Join(inspector.EntryFields, ", ") + `
(mime is content-type; is: opaque, varying, error, redirect, unmeasured).
--size reads every body to measure it: the Content-Length header is not the size.

Exit status: 0; 1 when there is no such registration or cache, or the browser
cannot list it (Chromium refuses somewhere above 20,000 entries).`,
		Example: `  swinspect cache ls /shop/
  swinspect cache ls /shop/ v3 --filter 'status:0' --size --sort size
  swinspect cache ls /shop/ v3 --json | jq -r '.[].url'`,
		Args:              args("SCOPE", "[CACHE]"),
		ValidArgsFunction: completeScope(io, &c.connection),
	}
	c.bind(cmd)
	cmd.Flags().StringVar(&c.filter, "filter", "", "only entries that match `QUERY`")
	cmd.Flags().StringVar(&c.sort, "sort", "", "sort by `FIELD`, descending with a minus in front: size, -time, url")
	cmd.Flags().BoolVar(&c.sizes, "size", false, "measure every body")
	cmd.RunE = c.with(io, func(ctx context.Context, s *session, args []string) error {
		if len(args) == 1 {
			return c.caches(ctx, s, args[0])
		}
		return c.entries(ctx, s, args[0], args[1])
	})
	inner := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if _, err := filter.Parse(c.filter, inspector.EntryFields...); err != nil {
			return usage("--filter: %w", err)
		}
		if key := strings.TrimPrefix(c.sort, "-"); key != "" && !slices.Contains(sortKeys, key) {
			return usage("--sort %q: there are %s", c.sort, strings.Join(sortKeys, ", "))
		}
		return inner(cmd, args)
	}
	return cmd
}

type cacheView struct {
	Name       string `json:"name"`
	StorageKey string `json:"storageKey"`
	Bucket     string `json:"bucket,omitempty"`
}

func (c *cacheLs) caches(ctx context.Context, s *session, scope string) error {
	storage, err := s.storage(ctx, scope, c.bucket)
	if err != nil {
		return err
	}
	if s.json {
		views := []cacheView{}
		for _, cache := range storage.Caches {
			views = append(views, cacheView{cache.Name, storage.Ref.StorageKey, storage.Ref.Bucket})
		}
		return s.io.json(views)
	}
	if len(storage.Caches) == 0 {
		s.io.say("%s has no caches", clean(storage.Ref.StorageKey))
		return nil
	}
	t := newTable(s.io, "CACHE", "STORAGE KEY")
	for _, cache := range storage.Caches {
		t.row(plain(clean(cache.Name)), plain(clean(storage.Ref.StorageKey)))
	}
	return t.flush()
}

func (c *cacheLs) entries(ctx context.Context, s *session, scope, name string) error {
	ref, err := s.cache(ctx, scope, c.bucket, name)
	if err != nil {
		return err
	}
	listing, err := s.entries(ctx, ref)
	if err != nil {
		return err
	}
	entries, err := c.choose(listing.Entries)
	if err != nil {
		return err
	}
	if c.needsSizes() && s.tape == nil { // a recording knows them
		if listing, err = c.measure(ctx, s, ref, entries); err != nil {
			return err
		}
		if entries, err = c.choose(listing.Entries); err != nil {
			return err
		}
	}
	c.order(entries)
	if s.json {
		views := make([]entryView, 0, len(entries))
		for _, e := range entries {
			views = append(views, viewEntry(e))
		}
		return s.io.json(views)
	}
	return printEntries(s.io, entries, len(listing.Entries))
}

// needsSizes: asked for, sorted by, or filtered by.
func (c *cacheLs) needsSizes() bool {
	if c.sizes || strings.TrimPrefix(c.sort, "-") == "size" {
		return true
	}
	q, err := filter.Parse(c.filter, inspector.EntryFields...)
	return err == nil && slices.ContainsFunc(q.Terms(), func(t filter.Term) bool { return t.Key == "size" })
}

// measure reads the bodies: of all entries when the filter asks for sizes, else
// of those it left.
func (c *cacheLs) measure(ctx context.Context, s *session, ref inspector.CacheRef, chosen []inspector.CacheEntry) (*inspector.Listing, error) {
	urls := make([]string, 0, len(chosen))
	for _, e := range chosen {
		urls = append(urls, e.URL)
	}
	ctx, cancel := s.wait(ctx)
	defer cancel()
	bodies := fmt.Sprintf("%d bodies", len(urls))
	if len(urls) == 1 {
		bodies = "1 body"
	}
	defer s.io.progress("measuring " + bodies)()
	if err := s.browser.Measure(ctx, ref, urls); err != nil {
		return nil, fmt.Errorf("measuring the bodies of cache %s: %w", quote(ref.Name), err)
	}
	return s.browser.Entries(ctx, ref, false)
}

// choose applies the filter. An entry without a size passes a filter on sizes
// until it has been measured.
func (c *cacheLs) choose(all []inspector.CacheEntry) ([]inspector.CacheEntry, error) {
	q, err := filter.Parse(c.filter, inspector.EntryFields...)
	if err != nil {
		return nil, usage("--filter: %w", err)
	}
	for i := len(q.Terms()) - 1; i >= 0; i-- {
		if q.Terms()[i].Key == "size" && slices.ContainsFunc(all, func(e inspector.CacheEntry) bool { return e.Size < 0 }) {
			q = q.Without(i)
		}
	}
	var chosen []inspector.CacheEntry
	for i := range all {
		if q.Match(func(key string) []string { return inspector.EntryField(&all[i], key) }) {
			chosen = append(chosen, all[i])
		}
	}
	return chosen, nil
}

func (c *cacheLs) order(entries []inspector.CacheEntry) {
	key, descending := strings.CutPrefix(c.sort, "-")
	if key == "" {
		return
	}
	slices.SortStableFunc(entries, func(a, b inspector.CacheEntry) int {
		var n int
		switch key {
		case "size":
			n = cmp.Compare(a.Size, b.Size)
		case "status":
			n = cmp.Compare(a.Status, b.Status)
		case "time":
			n = a.Time.Compare(b.Time)
		default:
			n = slices.Compare(inspector.EntryField(&a, key), inspector.EntryField(&b, key))
		}
		if descending {
			n = -n
		}
		return n
	})
}

func printEntries(io stdio, entries []inspector.CacheEntry, of int) error {
	if len(entries) == 0 {
		io.say("no entry of %d", of)
		return nil
	}
	t := newTable(io, "METHOD", "STATUS", "TYPE", "CONTENT-TYPE", "SIZE", "CACHED", "URL")
	for _, e := range entries {
		size := "-"
		if e.Size >= 0 {
			size = strconv.FormatInt(e.Size, 10)
		}
		t.row(plain(clean(e.Method)), plain(strconv.Itoa(e.Status)), plain(clean(e.Type)), plain(clean(e.ContentType)),
			plain(size), plain(when(e.Time)), plain(clean(e.URL)))
	}
	if len(entries) < of {
		defer io.say("%d of %d entries", len(entries), of)
	}
	return t.flush()
}
