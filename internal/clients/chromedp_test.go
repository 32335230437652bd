package clients

import (
	"context"
	"fmt"
	"strings"
	"testing"

	cdproto "github.com/chromedp/cdproto/cdp"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"

	"github.com/swinspect/swinspect/internal/backend"
)

// TestChromedp drives both browsers with chromedp: the same steps, the same answers.
func TestChromedp(t *testing.T) {
	b := start(t)
	site := newSite(t)
	want := chromedpSteps(t, b.chromium, site)
	compare(t, b.chromium.Product, want, chromedpSteps(t, b.engine, site))
}

// lines collects what a script of steps has to say.
type lines struct{ strings.Builder }

func (l *lines) say(args ...any) { fmt.Fprintln(l, args...) }

const registerWorker = `navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then((r) => r.scope)`

func chromedpSteps(t *testing.T, b *backend.Backend, site string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	ctx, cancel = remote.NewAllocator(ctx, b.URL)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	out := &lines{}
	fail := func(what string, err error) {
		if err != nil {
			t.Fatalf("%s: %s: %v\n%s", b.Product, what, err, out)
		}
	}
	response, err := chromedp.Run(ctx, chromedp.NavigateResponse(site+"/index.html"))
	fail("navigating", err)
	out.say("navigated", response.Status, response.URL == site+"/index.html", response.MimeType, response.FromServiceWorker)
	title, err := chromedp.Run(ctx, chromedp.Title())
	fail("title", err)
	location, err := chromedp.Run(ctx, chromedp.Location())
	fail("location", err)
	out.say("page", title, location == site+"/index.html")
	sum, err := chromedp.Run(ctx, chromedp.Evaluate[int](`6 * 7`))
	fail("evaluate", err)
	list, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll('li')].map((e) => e.textContent)`))
	fail("evaluate", err)
	empty, err := chromedp.Run(ctx, chromedp.Evaluate[string](`''`))
	fail("evaluate", err)
	out.say("evaluated", sum, list, empty)
	_, err = chromedp.Run(ctx, chromedp.Evaluate[int](`null.x`))
	out.say("fails", err != nil)

	said := chromedp.Events(ctx, cdpruntime.ConsoleAPICalled)
	_, err = chromedp.Run(ctx, chromedp.Evaluate[bool](`console.log('said', {a: 1}), true`))
	fail("console", err)
	for e, err := range said {
		fail("console", err)
		out.say("console", e.Type, len(e.Args), string(e.Args[0].Value), e.Args[1].Preview.Properties[0].Name)
		break
	}
	scope, err := chromedp.Run(ctx, chromedp.Evaluate[string](registerWorker, chromedp.EvalAwaitPromise))
	fail("register", err)
	out.say("registered", scope == site+"/")
	fail("reload", chromedp.Do(ctx, chromedp.Reload()))
	controller, err := chromedp.Run(ctx, chromedp.Evaluate[string](`navigator.serviceWorker.controller.scriptURL`))
	fail("controller", err)
	made, err := chromedp.Run(ctx, chromedp.Evaluate[string](`fetch('/made.txt').then((r) => r.text())`, chromedp.EvalAwaitPromise))
	fail("fetch", err)
	out.say("controlled", controller == site+"/sw.js", made)
	chromedpWorker(ctx, fail, out, site)
	fail("navigating", chromedp.Do(ctx, chromedp.Navigate(site+"/second.html"), chromedp.NavigateBack()))
	location, err = chromedp.Run(ctx, chromedp.Location())
	fail("location", err)
	out.say("back", location == site+"/index.html")
	text, err := chromedp.Run(ctx, chromedp.TextContent("#title"))
	fail("text", err)
	out.say("text", text)
	nodes, err := chromedp.Run(ctx, chromedp.Nodes(chromedp.CSSAll("li")))
	fail("nodes", err)
	for _, n := range nodes {
		out.say("node", n.LocalName, n.AttributeValue("data-n"))
	}
	return strings.ReplaceAll(out.String(), site, "SITE")
}

// chromedpWorker looks at the worker as a target and through its domain.
func chromedpWorker(ctx context.Context, fail func(string, error), out *lines, site string) {
	versions := chromedp.Events(ctx, serviceworker.WorkerVersionUpdated)
	_, err := chromedp.Call(ctx, serviceworker.Enable, cdproto.Empty{})
	fail("ServiceWorker.enable", err)
	for e, err := range versions {
		fail("versions", err)
		for _, v := range e.Versions {
			if strings.HasPrefix(v.ScriptURL, site) {
				out.say("version", v.Status, v.RunningStatus, len(v.ControlledClients))
			}
		}
		break
	}
	targets, err := chromedp.Targets(ctx)
	fail("targets", err)
	var worker target.ID
	for _, i := range targets {
		if i.Type == "service_worker" && strings.HasPrefix(i.URL, site) {
			worker = i.TargetID
			out.say("target", i.URL, i.Type)
		}
	}
	wctx, cancel := chromedp.NewContext(ctx, chromedp.WithTargetID(worker))
	defer cancel()
	greeting, err := chromedp.Run(wctx, chromedp.Evaluate[string](`self.greeting`))
	fail("worker", err)
	keys, err := chromedp.Run(wctx, chromedp.Evaluate[[]string](`caches.keys()`, chromedp.EvalAwaitPromise))
	fail("worker", err)
	out.say("in the worker", greeting, keys)
}
