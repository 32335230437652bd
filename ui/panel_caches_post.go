package ui

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

// maxTogether is how many entries are deleted or measured in one go.
const maxTogether = 500

// cachesRoutes are the panel's other addresses.
var cachesRoutes = []PanelRoute{
	{"GET", "/body", cacheBody},
	{"POST", "/refresh", cachesRefresh},
	{"POST", "/measure", cachesMeasure},
	{"POST", "/delete", cachesDelete},
}

// posted is the panel as a posted form names it: its fields are the query.
func posted(s *Server, r *http.Request, p *PageContext) *cachesPage {
	q := url.Values{}
	_ = r.ParseForm() // what cannot be read is not there
	for _, name := range []string{"bucket", "cache", "filter", "confirm"} {
		if _, ok := r.PostForm[name]; ok {
			q.Set(name, r.PostFormValue(name))
		}
	}
	at := r.Clone(r.Context())
	at.URL = &url.URL{Path: r.URL.Path, RawQuery: q.Encode()}
	c := newCachesPage(s, at, p)
	c.readStorage()
	c.view.Caches, c.view.Selected = pages.SelectCaches(c.storage, c.view.Address)
	return c
}

// cachesRefresh reads the names and the chosen cache's entries again.
func cachesRefresh(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	c := posted(s, r, p)
	always := func(Reading[*inspector.Storage]) bool { return true }
	read(s, r.Context(), c.key("names"), cachePatience, always, func(ctx context.Context) (*inspector.Storage, error) {
		return p.Browser.Caches(ctx, c.ref, true)
	})
	if sel := c.view.Selected; sel != nil {
		read(s, r.Context(), c.key("entries", sel.Cache.Name), cachePatience, func(Reading[*inspector.Listing]) bool { return true },
			func(ctx context.Context) (*inspector.Listing, error) { return p.Browser.Entries(ctx, sel.Ref, true) })
	}
	read(s, r.Context(), c.key("usage"), 0, func(Reading[*inspector.Usage]) bool { return true },
		func(ctx context.Context) (*inspector.Usage, error) { return p.Browser.Usage(ctx, c.ref) })
	s.done(w, r, "")
}

// cachesMeasure learns the real sizes of the entries that pass the filter.
func cachesMeasure(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	c := posted(s, r, p)
	sel := c.view.Selected
	l := c.selectedListing()
	if sel == nil || l == nil {
		s.done(w, r, "")
		return
	}
	shown, err := pages.Selection(c.view.Address, l)
	if err != nil {
		p.Fail(w, r, http.StatusBadRequest, err)
		return
	}
	var urls []string
	for _, e := range shown {
		if e.Size < 0 {
			urls = append(urls, e.URL)
		}
	}
	// A read of its own: one of the entries may be under way just now. The page
	// takes the entries again when it ends.
	read(s, r.Context(), c.key("measure", sel.Cache.Name), 4*cachePatience, func(Reading[int]) bool { return len(urls) > 0 },
		func(ctx context.Context) (int, error) {
			err := p.Browser.Measure(ctx, sel.Ref, urls)
			if err != nil {
				s.notices.add(p.Browser.ID(), s.opts.Now(), components.State{Icon: "failed", Word: "failed", Class: "bad"}, "Measure sizes", err.Error())
			}
			return len(urls), err
		})
	s.done(w, r, "")
}

func (c *cachesPage) selectedListing() *inspector.Listing {
	if c.view.Selected == nil {
		return nil
	}
	return c.listing(c.view.Selected).Value
}

// confirm is the question before something is deleted.
func (c *cachesPage) confirm(l *inspector.Listing) *pages.ConfirmView {
	q := c.view.Address.Query
	sel := c.view.Selected
	v := &pages.ConfirmView{
		Action: c.view.PostURL + "/delete", Back: string(c.view.Address.With("confirm", "")),
		Fields: []components.Param{{Name: "confirm", Value: q.Get("confirm")}, {Name: "cache", Value: sel.Cache.Name}, {Name: "bucket", Value: c.ref.Bucket}, {Name: "filter", Value: q.Get("filter")}},
	}
	switch q.Get("confirm") {
	case "cache":
		v.Title, v.Button = "Delete the cache "+sel.Title()+"?", "Delete cache"
		v.Text = "The worker makes it again only if its code does; until then what it held is answered by the network or not at all."
		v.Back = string(c.view.Address.With("confirm", ""))
	case "clear":
		v.Title, v.Button = "Delete all caches of "+c.ref.StorageKey+"?", "Delete all"
		v.Text = components.Count(len(c.view.Caches), "cache goes.", "caches go.") + " Registrations, cookies and other storage stay."
		for _, item := range c.view.Caches {
			v.Names = append(v.Names, item.Title())
		}
	case "shown":
		if l == nil {
			return nil
		}
		shown, err := pages.Selection(c.view.Address, l)
		if err != nil || len(shown) == 0 {
			return nil
		}
		v.Title, v.Button = "Delete "+components.Count(len(shown), "entry", "entries")+" of "+sel.Title()+"?", "Delete shown"
		v.Text = "These pass the filter now. Entries with the same URL go together: the browser deletes by URL."
		if len(shown) > maxTogether {
			v.Text = fmt.Sprintf("At most %d are deleted in one go: the first %d of these.", maxTogether, maxTogether)
		}
		for _, e := range shown {
			v.Names = append(v.Names, e.URL)
		}
	default:
		return nil
	}
	if n := len(v.Names) - 12; n > 0 {
		v.Names, v.More = v.Names[:12], n
	}
	return v
}

// cachesDelete deletes what was confirmed: one cache, all, or the shown entries.
func cachesDelete(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	c := posted(s, r, p)
	sel := c.view.Selected
	if sel == nil {
		s.done(w, r, p.URL("caches"))
		return
	}
	act := func(kind inspector.ActionKind, ref inspector.CacheRef, url string) inspector.Action {
		return inspector.Action{Kind: kind, Registration: p.Registration.Key, Context: ref.Context, Storage: ref.StorageRef, Cache: ref, URL: url}
	}
	var actions []inspector.Action
	switch c.view.Address.Query.Get("confirm") {
	case "cache":
		actions = append(actions, act(inspector.DeleteCache, sel.Ref, ""))
	case "clear":
		for _, item := range c.view.Caches {
			actions = append(actions, act(inspector.DeleteCache, item.Ref, ""))
		}
	case "shown":
		l := c.selectedListing()
		if l == nil {
			break
		}
		shown, err := pages.Selection(c.view.Address, l)
		if err != nil {
			p.Fail(w, r, http.StatusBadRequest, err)
			return
		}
		seen := map[string]bool{}
		for _, e := range shown {
			if !seen[e.URL] && len(actions) < maxTogether {
				seen[e.URL] = true
				actions = append(actions, act(inspector.DeleteEntry, sel.Ref, e.URL))
			}
		}
	}
	c.perform(actions)
	s.done(w, r, localPath(r.PostFormValue("go")))
}

// perform does several actions one after the other, beside the page when they
// are many; their receipts show how far it is.
func (c *cachesPage) perform(actions []inspector.Action) {
	if len(actions) == 0 {
		return
	}
	b, s := c.p.Browser, c.s
	read(s, c.r.Context(), c.key("delete", fmt.Sprint(s.opts.Now().UnixNano())), cachePatience, func(Reading[int]) bool { return true },
		func(ctx context.Context) (int, error) {
			done := 0
			for _, a := range actions {
				if ctx.Err() != nil {
					return done, ctx.Err()
				}
				if r, err := b.Do(ctx, a, 10*time.Second); err == nil && r.Outcome == inspector.Confirmed {
					done++
				}
			}
			state := components.State{Icon: "confirmed", Word: "confirmed", Class: "ok"}
			if done < len(actions) {
				state = components.State{Icon: "noeffect", Word: "not all", Class: "wait"}
			}
			s.notices.add(b.ID(), s.opts.Now(), state, "Delete", fmt.Sprintf("%d of %d deleted", done, len(actions)))
			return done, nil
		})
}
