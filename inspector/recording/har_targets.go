package recording

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector"
)

// The instance, context and target of what is in a HAR, which has no such ids.
const (
	harInstance = "har"
	harContext  = ""
	harNoPage   = "har-page"
)

// harWorker is a service worker that a HAR shows by what it did. A HAR does not name
// it: its script is the request that says "Service-Worker: script", and its scope is
// the folder of that, or its whole origin.
type harWorker struct {
	origin, script, scope string
	target                string
	assumed               bool // scope is not told by anything
}

// assign finds whose request each entry is, and joins the hops of redirects.
func (im *importer) assign(h *harFile) {
	im.findWorkers(h)
	last := map[string]*imported{} // by target and URL that a redirect leads to
	for n, i := range im.entries {
		switch {
		case i.Swinspect != nil && i.Swinspect.Target != "":
			i.target = string(i.Swinspect.Target)
			i.worker = i.Swinspect.TargetType == "service_worker"
		case i.Pageref != "":
			i.target = "har-" + string(i.Pageref)
		case len(im.workers) > 0 && len(h.Pages) > 0 && !i.APIRequest:
			// DevTools and Playwright give no page to what a service worker asked for.
			i.target, i.worker = im.workerOf(string(i.Request.URL)).target, true
		default:
			i.target = harNoPage
		}
		key := i.target + " " + withoutFragment(string(i.Request.URL))
		if from := last[key]; from != nil {
			i.from, i.id, from.next = from, from.id, true
			delete(last, key)
		} else {
			i.id = fmt.Sprintf("har.%d", n+1)
		}
		if to := i.redirectsTo(); to != "" {
			last[i.target+" "+to] = i
		}
	}
}

// findWorkers finds the service workers that answered something.
func (im *importer) findWorkers(h *harFile) {
	scripts := map[string]string{} // by origin
	for _, i := range im.entries {
		if strings.EqualFold(headerOf(i.Request.Headers, "service-worker"), "script") {
			scripts[originOf(string(i.Request.URL))] = string(i.Request.URL)
		}
	}
	documents := map[harText]string{}
	for _, p := range h.Pages {
		documents[p.ID] = string(p.Title)
	}
	for _, i := range im.entries {
		if isDocument(&i.harEntry) {
			documents[i.Pageref] = string(i.Request.URL)
		}
		if !i.Response.ViaServiceWorker {
			continue
		}
		origin := originOf(documents[i.Pageref])
		if origin == "" {
			origin = originOf(string(i.Request.URL))
		}
		if origin == "" || slices.ContainsFunc(im.workers, func(w *harWorker) bool { return w.origin == origin }) {
			continue
		}
		w := &harWorker{origin: origin, script: scripts[origin], scope: origin + "/", target: "har-worker", assumed: true}
		if n := len(im.workers); n > 0 {
			w.target += "-" + itoa(n+1)
		}
		if dir := folderOf(w.script); dir != "" {
			w.scope = dir
		}
		im.workers = append(im.workers, w)
		im.report.Problems = append(im.report.Problems, fmt.Sprintf("a HAR does not name service workers: that of %s is taken to have the scope %s", origin, w.scope))
	}
}

// workerOf is the worker whose request for a URL it would be.
func (im *importer) workerOf(u string) *harWorker {
	origin := originOf(u)
	for _, w := range im.workers {
		if w.origin == origin {
			return w
		}
	}
	return im.workers[0]
}

func originOf(u string) string {
	p, err := url.Parse(u)
	if err != nil || p.Host == "" || p.Scheme != "http" && p.Scheme != "https" {
		return ""
	}
	return p.Scheme + "://" + p.Host
}

// folderOf is the URL of the folder of a script.
func folderOf(script string) string {
	p, err := url.Parse(script)
	if err != nil || p.Host == "" {
		return ""
	}
	return p.Scheme + "://" + p.Host + p.EscapedPath()[:strings.LastIndexByte(p.EscapedPath(), '/')+1]
}

func withoutFragment(u string) string {
	u, _, _ = strings.Cut(u, "#")
	return u
}

// targets announces the backend, its targets and its workers.
func (im *importer) targets(h *harFile, at time.Time) []inspector.Message {
	messages := []inspector.Message{
		inspector.NewNote(at, harInstance, "", inspector.NoteAttached{Endpoint: "HAR of " + im.report.Creator, Product: im.report.Browser}),
		inspector.NewNote(at, harInstance, "", inspector.NoteContexts{Contexts: []inspector.NoteContext{{ID: harContext, Default: true}}}),
	}
	known := map[string]bool{}
	add := func(id, kind, url string) {
		known[id] = true
		messages = append(messages, harMessage(at, "", "Target.targetCreated", object{"targetInfo": object{
			"targetId": id, "type": kind, "url": url, "title": url, "attached": false, "canAccessOpener": false,
		}}))
	}
	for _, w := range im.workers {
		add(w.target, "service_worker", w.script)
	}
	for _, i := range im.entries {
		switch {
		case known[i.target]:
		case i.Swinspect != nil && i.Swinspect.Target != "":
			add(i.target, cmpOr(string(i.Swinspect.TargetType), "page"), string(i.Swinspect.TargetURL))
		default:
			add(i.target, "page", im.pageURL(h, i))
		}
	}
	return append(messages, im.registrations(at)...)
}

// registrations announces the registrations of the workers.
func (im *importer) registrations(at time.Time) []inspector.Message {
	var registrations, versions []object
	for n, w := range im.workers {
		id := itoa(n)
		registrations = append(registrations, object{"registrationId": id, "scopeURL": w.scope, "isDeleted": false})
		versions = append(versions, object{
			"versionId": id, "registrationId": id, "scriptURL": cmpOr(w.script, w.scope), "runningStatus": "running", "status": "activated",
			"targetId": w.target, "controlledClients": im.clientsOf(w),
		})
	}
	if len(registrations) == 0 {
		return nil
	}
	return []inspector.Message{
		harMessage(at, "", "ServiceWorker.workerRegistrationUpdated", object{"registrations": registrations}),
		harMessage(at, "", "ServiceWorker.workerVersionUpdated", object{"versions": versions}),
	}
}

// clientsOf are the pages that a worker answered.
func (im *importer) clientsOf(w *harWorker) []string {
	clients := []string{}
	for _, i := range im.entries {
		if i.Response.ViaServiceWorker && !i.worker && im.workerOf(string(i.Request.URL)) == w && !slices.Contains(clients, i.target) {
			clients = append(clients, i.target)
		}
	}
	return clients
}

// pageURL is the URL of the page of an entry: that of its document.
func (im *importer) pageURL(h *harFile, of *imported) string {
	for _, i := range im.entries {
		if i.target == of.target && isDocument(&i.harEntry) {
			return string(i.Request.URL)
		}
	}
	for _, p := range h.Pages {
		if p.ID == of.Pageref && strings.Contains(string(p.Title), "://") {
			return string(p.Title) // DevTools puts the URL there
		}
	}
	return ""
}
