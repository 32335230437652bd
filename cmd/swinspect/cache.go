package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector"
)

// cacheFlags are what every cache command can be told.
type cacheFlags struct {
	connection
	bucket string
}

func (c *cacheFlags) bind(cmd *cobra.Command) {
	c.connection.bind(cmd)
	c.bindAt(cmd)
	cmd.Flags().StringVar(&c.bucket, "bucket", "", "the storage `BUCKET`, instead of the default one")
}

func newCache(io stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "List, read, test and delete what the Cache API holds",
		Long: `Works on the caches of the storage key of a registration: SCOPE says which.
Nothing in the browser is navigated: the caches are read from a hidden target.`,
		Example: `  swinspect cache ls /shop/
  swinspect cache ls /shop/ v3 --filter 'status:200 -type:opaque'
  swinspect cache show /shop/ v3 https://app.example/shop/app.js
  swinspect cache match /shop/ 'https://app.example/shop/app.js?v=2' --ignore-search
  swinspect cache rm /shop/ v2`,
		Args: func(cmd *cobra.Command, given []string) error {
			if len(given) > 0 {
				return unknownCommand(cmd, "cache "+given[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("cache needs a command: ls, show, match or rm; see swinspect cache --help")
		},
	}
	cmd.AddCommand(newCacheLs(io), newCacheShow(io), newCacheMatch(io), newCacheRm(io))
	return cmd
}

// storage reads the caches of the registration that name means.
func (s *session) storage(ctx context.Context, name, bucket string) (*inspector.Storage, error) {
	r, err := s.find(name)
	if err != nil {
		return nil, err
	}
	ctx, cancel := s.wait(ctx)
	defer cancel()
	defer s.io.progress("reading the names of the caches")()
	ref := inspector.StorageRef{Instance: r.Key.Instance, Context: r.Key.Context, StorageKey: r.StorageKey.Raw, Bucket: bucket}
	if s.tape != nil {
		return s.tape.storage(ctx, ref)
	}
	storage, err := s.browser.Caches(ctx, ref, true)
	if err != nil {
		return nil, fmt.Errorf("the caches of %s: %w", clean(r.StorageKey.Raw), err)
	}
	if storage.Error != "" {
		return nil, fmt.Errorf("the caches of %s: %s", clean(r.StorageKey.Raw), clean(storage.Error))
	}
	return storage, nil
}

// cache finds a cache by name.
func (s *session) cache(ctx context.Context, scope, bucket, name string) (inspector.CacheRef, error) {
	storage, err := s.storage(ctx, scope, bucket)
	if err != nil {
		return inspector.CacheRef{}, err
	}
	names := make([]string, 0, len(storage.Caches))
	for _, c := range storage.Caches {
		if c.Name == name {
			return inspector.CacheRef{StorageRef: storage.Ref, Name: name}, nil
		}
		names = append(names, quote(c.Name))
	}
	hint := "there is no cache at all"
	if len(names) > 0 {
		const most = 20
		hint = "there are " + strings.Join(names[:min(most, len(names))], ", ")
		if n := len(names) - most; n > 0 {
			hint += fmt.Sprintf(" and %d more: swinspect cache ls", n)
		}
	}
	return inspector.CacheRef{}, &failure{
		exit: exitNo, err: fmt.Errorf("no cache %s for %s", quote(name), clean(storage.Ref.StorageKey)), hint: hint,
	}
}

// entries lists a cache; a cache that is too large to list is an error that
// says what still works.
func (s *session) entries(ctx context.Context, ref inspector.CacheRef) (*inspector.Listing, error) {
	if s.tape != nil {
		return s.tape.listing(ctx, ref)
	}
	ctx, cancel := s.wait(ctx)
	defer cancel()
	defer s.io.progress("reading cache " + short(ref.Name))()
	l, err := s.browser.Entries(ctx, ref, true)
	if err != nil {
		return nil, fmt.Errorf("cache %s: %w", quote(ref.Name), err)
	}
	if l.TooBig {
		return l, &failure{
			exit: exitNo, err: fmt.Errorf("cache %s: %w: %s", quote(ref.Name), errTooBig, clean(l.Problem)),
			hint: "one entry can still be looked up: swinspect cache show SCOPE CACHE URL",
		}
	}
	return l, nil
}

var errTooBig = errors.New("the browser cannot list it")

func newCacheRm(io stdio) *cobra.Command {
	c := &cacheFlags{}
	cmd := &cobra.Command{
		Use:   "rm SCOPE CACHE [URL]",
		Short: "Delete a cache, or the entries of one URL in it",
		Long: `Deletes a cache, or what it holds for one URL, and looks again to see that it is
gone. The protocol deletes by URL: all variants (Vary) of it go together.

Exit status: 0 only when it is gone; 1 when there was no such cache or entry, or
it is still there.`,
		Example:           "  swinspect cache rm /shop/ v2\n  swinspect cache rm /shop/ v3 https://app.example/shop/app.js",
		Args:              args("SCOPE", "CACHE", "[URL]"),
		ValidArgsFunction: completeScope(io, &c.connection),
	}
	c.bind(cmd)
	cmd.RunE = c.with(io, func(ctx context.Context, s *session, args []string) error {
		ref, err := s.cache(ctx, args[0], c.bucket, args[1])
		if err != nil {
			return err
		}
		a := inspector.Action{Kind: inspector.DeleteCache, Cache: ref, Storage: ref.StorageRef}
		if len(args) > 2 {
			a.Kind, a.URL = inspector.DeleteEntry, args[2]
		}
		r, err := s.find(args[0])
		if err != nil {
			return err
		}
		a.Registration = r.Key
		receipt, err := s.do(ctx, a)
		if err != nil {
			return refused(fmt.Sprintf("%s %s in cache %s", a.Kind, clean(a.URL), quote(ref.Name)), err)
		}
		return s.receipt(receipt, r.Scope, r.Slug(s.browser.State()))
	})
	return cmd
}

// entryView is a cache entry as JSON.
type entryView struct {
	Index           int          `json:"index"`
	Method          string       `json:"method"`
	URL             string       `json:"url"`
	Status          int          `json:"status"`
	StatusText      string       `json:"statusText"`
	Type            string       `json:"type"`
	ContentType     string       `json:"contentType"`
	Size            *int64       `json:"size"` // body bytes; null: not measured
	Time            *time.Time   `json:"time,omitempty"`
	Vary            string       `json:"vary"`
	RequestHeaders  []headerView `json:"requestHeaders"`
	ResponseHeaders []headerView `json:"responseHeaders"`
}

type headerView struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func viewEntry(e inspector.CacheEntry) entryView {
	v := entryView{
		Index: e.Index, Method: e.Method, URL: e.URL, Status: e.Status, StatusText: e.StatusText, Type: e.Type,
		ContentType: e.ContentType, Time: maybe(e.Time), Vary: e.Vary,
		RequestHeaders: viewHeaders(e.RequestHeaders), ResponseHeaders: viewHeaders(e.ResponseHeaders),
	}
	if e.Size >= 0 {
		v.Size = &e.Size
	}
	return v
}

func viewHeaders(hs []inspector.Header) []headerView {
	views := make([]headerView, 0, len(hs))
	for _, h := range hs {
		views = append(views, headerView(h))
	}
	return views
}

// parseHeaders reads "Name: value" flags.
func parseHeaders(lines []string) ([]inspector.Header, error) {
	hs := make([]inspector.Header, 0, len(lines))
	for _, l := range lines {
		name, value, ok := strings.Cut(l, ":")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, usage("--header %q: write Name: value", l)
		}
		hs = append(hs, inspector.Header{Name: name, Value: strings.TrimSpace(value)})
	}
	return hs, nil
}
