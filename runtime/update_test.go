package runtime

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/swinspect/swinspect/runtime/fetch"
)

func TestByteComparison(t *testing.T) {
	imports := &part{imports: []string{origin + "/a.js", origin + "/b.js"}}
	for name, c := range map[string]struct {
		change func(p *play)
		update bool
		asked  string
	}{
		"nothing new":    {func(*play) {}, false, "/sw.js no-cache\n/a.js default\n/b.js default"},
		"main script":    {func(p *play) { p.serve(origin+"/sw.js", "v2") }, true, "/sw.js no-cache"},
		"an import":      {func(p *play) { p.serve(origin+"/a.js", "a2") }, true, "/sw.js no-cache\n/a.js default\n/b.js default"},
		"a bad import":   {func(p *play) { p.serve(origin+"/a.js", "a2").status = 404 }, false, "/sw.js no-cache\n/a.js default\n/b.js default"},
		"one import bad": {func(p *play) { p.serve(origin+"/a.js", "a2").status = 404; p.serve(origin+"/b.js", "b2") }, true, "/sw.js no-cache\n/a.js default\n/b.js default"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t, Options{})
			p.serve(origin+"/sw.js", "v1")
			p.serve(origin+"/a.js", "a1")
			p.serve(origin+"/b.js", "b1")
			p.plays("v1", imports)
			page := p.open("page", "/")
			r := p.mustRegister(page)
			before := p.activated(r)
			p.requests()
			c.change(p)
			if err := p.engine.Update(context.Background(), page, r); err != nil && !strings.Contains(name, "one import bad") {
				t.Fatal(err)
			}
			asked := strings.ReplaceAll(p.requests(), origin, "")
			if !strings.HasPrefix(asked, c.asked) {
				t.Errorf("asked for\n%s\nwant\n%s", asked, c.asked)
			}
			if name == "one import bad" {
				return // the new worker imports the bad one and fails
			}
			p.until("settled", func() bool {
				s := r.Snapshot()
				return s.Installing == nil && s.Waiting == nil && s.ActiveState == StateActivated
			})
			if updated := r.Snapshot().Active != before; updated != c.update {
				t.Errorf("updated: %t", updated)
			}
		})
	}
}

func TestUpdateViaCache(t *testing.T) {
	for mode, want := range map[string]string{
		"imports": "/sw.js no-cache\n/a.js default",
		"none":    "/sw.js no-cache\n/a.js no-cache",
		"all":     "/sw.js default\n/a.js default",
	} {
		p := newPlay(t, Options{})
		p.serve(origin+"/sw.js", "v1")
		p.serve(origin+"/a.js", "a1")
		p.plays("v1", &part{imports: []string{origin + "/a.js"}})
		page := p.open("page", "/")
		r, err := p.engine.Register(context.Background(), page, fetch.MustParseURL(origin+"/sw.js"), nil, "classic", mode, nil)
		if err != nil {
			t.Fatal(err)
		}
		if asked := strings.ReplaceAll(p.requests(), origin, ""); asked != want {
			t.Errorf("%s: registering asked for\n%s", mode, asked)
		}
		p.activated(r)
		if err := p.engine.Update(context.Background(), page, r); err != nil {
			t.Fatal(err)
		}
		if asked := strings.ReplaceAll(p.requests(), origin, ""); asked != want {
			t.Errorf("%s: updating asked for\n%s", mode, asked)
		}
		if got := r.Snapshot().UpdateViaCache; got != mode {
			t.Errorf("%s became %s", mode, got)
		}
	}
}

// A day after the last check the HTTP cache is not asked any more, and fetches of
// subresources look for updates too.
func TestStaleAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t, Options{})
		defer p.engine.Close()
		p.serve(origin+"/sw.js", "v1")
		p.plays("v1", &part{listens: []string{"fetch"}, fetch: respond("1")})
		r, err := p.engine.Register(context.Background(), p.open("page", "/"), fetch.MustParseURL(origin+"/sw.js"), nil, "classic", "all", nil)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		_ = r
		page, _ := p.navigate("second", "/")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if asked := p.requests(); asked != origin+"/sw.js default\n"+origin+"/sw.js default" {
			t.Errorf("a navigation does not look for an update: %s", asked)
		}
		time.Sleep(24*time.Hour - time.Minute)
		p.get(page, "/x")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if asked := p.requests(); asked != "" {
			t.Errorf("within a day: %s", asked)
		}
		time.Sleep(2 * time.Minute)
		p.get(page, "/x")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if asked := p.requests(); asked != origin+"/sw.js no-cache" {
			t.Errorf("after a day: %q", asked)
		}
		p.get(page, "/x")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if asked := p.requests(); asked != "" {
			t.Errorf("right after the check: %s", asked)
		}
	})
}
