//go:build record

package inspector

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/serviceworker"
)

// scenarios are what the transcriber drives, one transcript each.
var scenarios = []struct {
	name, prose string
	drive       func(r *transcriber)
}{
	{"first-install", "A page registers a worker, which installs and activates; the page is controlled only after its next load, and only a snapshot says so.", firstInstall},
	{"claim", "A worker claims its page while it activates.", claim},
	{"update-skip-waiting", "A new script waits behind a controlled page until skip waiting is sent.", updateSkipWaiting},
	{"update-last-client", "A new script waits behind two controlled pages; it activates when the last one is closed.", updateLastClient},
	{"unregister-controlled", "Unregistered while a page is controlled: the version goes when the page leaves.", unregisterControlled},
	{"unregister-free", "Unregistered while nobody is controlled.", unregisterFree},
	{"stop-start", "A running worker is stopped and started again.", stopStart},
	{"syntax-error", "The first script does not parse.", syntaxError},
	{"install-reject", "The install event's waitUntil is rejected.", installReject},
	{"not-found", "The script of a first registration answers 404: the browser says nothing more about it.", notFound},
	{"routes", "A worker adds static routes during install.", routesScenario},
	{"partitioned", "The same scope is registered first party and in a frame below another site.", partitioned},
	{"partitioned-controlled", "A frame below another site is controlled by its partitioned worker; the browser lists the page, not the frame.", partitionedControlled},
	{"frame-same-site", "A frame in a page outside of the scope is controlled; it shares the page's process and is no target.", frameSameSite},
	{"restart", "The browser is closed and started again with the same profile.", restart},
	{"paused", "The active worker is paused in the debugger while skip waiting is sent.", pausedScenario},
	{"console", "A session on a worker reads its console, an exception and a late listener warning.", consoleScenario},
	{"hard-reload", "A controlled page is reloaded past the worker.", hardReload},
	{"idle", "Nobody is attached to an idle worker: the browser stops it by itself; a push event starts it again.", idle},
	{"update-fails", "The new script of an update does not parse: the old version stays.", updateFails},
	{"event-holds", "No client is left, but an event of the old worker has not finished.", eventHolds},
}

func TestRecord(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			r := newTranscriber(t)
			s.drive(r)
			r.write(s.name, s.prose)
		})
	}
}

const plainWorker = `addEventListener('fetch', e => {});`

// status waits for a version of the first live registration to get there.
func (r *transcriber) status(id string, status serviceworker.VersionStatus) {
	r.t.Helper()
	r.until("#"+id+" "+string(status), func(s *State) bool {
		v := anyVersion(s, id)
		return v != nil && v.Status == status
	})
}

func anyVersion(s *State, id string) *Version {
	for _, r := range s.Registrations {
		if v := r.Version(id); v != nil {
			return v
		}
	}
	return nil
}

func (r *transcriber) running(id string, running serviceworker.VersionRunningStatus) {
	r.t.Helper()
	r.until("#"+id+" "+string(running), func(s *State) bool {
		v := anyVersion(s, id)
		return v != nil && v.Running == running
	})
}

const register = `navigator.serviceWorker.register('/app/sw.js', {scope: '/app/'}).then(r => 'registered', e => 'rejected: ' + e.message)`

// active makes an active worker with a page in its scope, controlled.
func (r *transcriber) active(script string) *tab {
	r.t.Helper()
	r.site.script("/app/sw.js", script)
	r.site.page("/app/", "<!doctype html><title>App</title>")
	p := r.open(r.site.a("/app/"))
	r.t.Log(p.eval(register))
	r.status("0", serviceworker.VersionStatusActivated)
	p.navigate(r.site.a("/app/"))
	return p
}

// waiting has version 1 wait behind version 0.
func (r *transcriber) waiting(p *tab, script string) {
	r.t.Helper()
	r.site.script("/app/sw.js", script)
	r.receipt(Action{Kind: Update, Registration: r.key("0")}, Sent, "")
	r.call(r.watch, "ServiceWorker.updateRegistration", map[string]any{"scopeURL": r.site.a("/app/")}, nil)
	r.status("1", serviceworker.VersionStatusInstalled)
	r.receipt(Action{Kind: Update, Registration: r.key("0")}, Confirmed, "#1 appeared")
	r.settle(200 * time.Millisecond)
}

func (r *transcriber) key(id string) RegistrationKey {
	for _, reg := range r.state.Registrations {
		if reg.Key.ID == id {
			return reg.Key
		}
	}
	r.t.Fatalf("no registration %s", id)
	return RegistrationKey{}
}

func firstInstall(r *transcriber) {
	p := r.active(plainWorker)
	r.settle(500 * time.Millisecond)
	r.t.Logf("controller: %s, clients before the snapshot: %v", p.eval("String(!!navigator.serviceWorker.controller)"), anyVersion(r.state, "0").Clients)
	r.snapshot()
}

func claim(r *transcriber) {
	r.site.script("/app/sw.js", `addEventListener('activate', e => e.waitUntil(clients.claim()));`+plainWorker)
	r.site.page("/app/", "<!doctype html><title>App</title>")
	p := r.open(r.site.a("/app/"))
	r.t.Log(p.eval(register))
	r.status("0", serviceworker.VersionStatusActivated)
	r.settle(500 * time.Millisecond)
}

func updateSkipWaiting(r *transcriber) {
	p := r.active(plainWorker)
	r.snapshot()
	r.waiting(p, plainWorker+"// 2")
	r.settle(500 * time.Millisecond)
	if w := Why(r.state, r.state.Live()[0]); w != nil {
		r.t.Log(w.Sentence)
	}
	r.receipt(Action{Kind: SkipWaiting, Registration: r.key("0")}, Sent, "")
	r.call(r.watch, "ServiceWorker.skipWaiting", map[string]any{"scopeURL": r.site.a("/app/")}, nil)
	r.status("1", serviceworker.VersionStatusActivated)
	r.receipt(Action{Kind: SkipWaiting, Registration: r.key("0")}, Confirmed, "#1 is active")
	r.settle(500 * time.Millisecond)
	r.snapshot()
}

func updateLastClient(r *transcriber) {
	p := r.active(plainWorker)
	q := r.open(r.site.a("/app/?second"))
	r.snapshot()
	r.waiting(p, plainWorker+"// 2")
	p.close()
	r.settle(1500 * time.Millisecond)
	r.t.Logf("one closed: %v", anyVersion(r.state, "0").Clients)
	q.close()
	r.status("1", serviceworker.VersionStatusActivated)
	r.settle(500 * time.Millisecond)
	r.snapshot()
}

func unregisterControlled(r *transcriber) {
	p := r.active(plainWorker)
	r.snapshot()
	r.receipt(Action{Kind: Unregister, Registration: r.key("0")}, Sent, "")
	r.call(r.watch, "ServiceWorker.unregister", map[string]any{"scopeURL": r.site.a("/app/")}, nil)
	r.settle(time.Second)
	r.snapshot()
	p.close()
	r.status("0", serviceworker.VersionStatusRedundant)
	r.settle(time.Second)
	r.snapshot()
}

func unregisterFree(r *transcriber) {
	p := r.active(plainWorker)
	p.navigate(r.site.a("/"))
	r.snapshot()
	r.receipt(Action{Kind: Unregister, Registration: r.key("0")}, Sent, "")
	r.call(r.watch, "ServiceWorker.unregister", map[string]any{"scopeURL": r.site.a("/app/")}, nil)
	r.running("0", serviceworker.VersionRunningStatusStopped)
	r.settle(500 * time.Millisecond)
	r.snapshot()
}

func stopStart(r *transcriber) {
	r.active(plainWorker)
	r.receipt(Action{Kind: Stop, Registration: r.key("0")}, Sent, "")
	r.call(r.watch, "ServiceWorker.stopWorker", map[string]any{"versionId": "0"}, nil)
	r.running("0", serviceworker.VersionRunningStatusStopped)
	r.receipt(Action{Kind: Stop, Registration: r.key("0")}, Confirmed, "#0 stopped")
	r.settle(300 * time.Millisecond)
	r.receipt(Action{Kind: Start, Registration: r.key("0")}, Sent, "")
	r.call(r.watch, "ServiceWorker.startWorker", map[string]any{"scopeURL": r.site.a("/app/")}, nil)
	r.running("0", serviceworker.VersionRunningStatusRunning)
	r.receipt(Action{Kind: Start, Registration: r.key("0")}, Confirmed, "#0 runs")
	r.settle(300 * time.Millisecond)
}

func syntaxError(r *transcriber) {
	r.site.script("/app/sw.js", `this is not a script`)
	p := r.open(r.site.a("/"))
	r.t.Log(p.eval(register))
	r.settle(1500 * time.Millisecond)
	r.snapshot()
}

func installReject(r *transcriber) {
	r.site.script("/app/sw.js", `addEventListener('install', e => e.waitUntil(Promise.reject(new Error('no shell'))));`)
	p := r.open(r.site.a("/"))
	r.t.Log(p.eval(register))
	r.status("0", serviceworker.VersionStatusRedundant)
	r.settle(1500 * time.Millisecond)
	r.snapshot()
}

func notFound(r *transcriber) {
	p := r.open(r.site.a("/"))
	r.t.Log(p.eval(register))
	r.settle(1500 * time.Millisecond)
	r.snapshot()
}

func routesScenario(r *transcriber) {
	r.active(`addEventListener('install', e => e.waitUntil(e.addRoutes([
  {condition: {urlPattern: '/app/static/*', requestMethod: 'GET'}, source: 'network'},
  {condition: {urlPattern: new URLPattern({pathname: '/app/*.jpg'})}, source: {cacheName: 'images'}},
  {condition: {or: [{requestMode: 'navigate', runningStatus: 'not-running'}, {requestDestination: 'font'}]}, source: 'fetch-event'},
  {condition: {not: {requestMethod: 'GET'}}, source: 'race-network-and-fetch-handler'},
  {condition: {urlPattern: {search: 'x=*'}}, source: 'cache'}])));` + plainWorker)
	r.settle(300 * time.Millisecond)
}

func partitioned(r *transcriber) {
	r.active(plainWorker)
	r.site.page("/embed", `<!doctype html><title>News</title><iframe src="`+r.site.a("/app/frame")+`"></iframe>`)
	r.site.page("/app/frame", `<!doctype html><title>Frame</title><script>`+register+`</script>`)
	r.open(r.site.b("/embed"))
	r.until("two registrations active", func(s *State) bool {
		n := 0
		for _, reg := range s.Live() {
			if v := reg.Active(); v != nil && v.Status == serviceworker.VersionStatusActivated {
				n++
			}
		}
		return n == 2
	})
	r.settle(300 * time.Millisecond)
	r.snapshot()
	for _, reg := range r.state.Live() {
		v := reg.Active()
		if v.TargetID == "" {
			continue
		}
		s := r.attach(v.TargetID)
		var res struct {
			StorageKey string `json:"storageKey"`
		}
		r.call(s, "Storage.getStorageKey", map[string]any{}, &res)
		r.note(NoteStorageKey{Registration: reg.Key, StorageKey: res.StorageKey})
		r.must(s.Detach(r.ctx))
	}
}

func partitionedControlled(r *transcriber) {
	r.site.script("/app/sw.js", `addEventListener('activate', e => e.waitUntil(clients.claim()));`+plainWorker)
	r.site.page("/embed", `<!doctype html><title>News</title><iframe src="`+r.site.a("/app/frame")+`"></iframe>`)
	r.site.page("/app/frame", `<!doctype html><title>Frame</title><script>`+register+`</script>`)
	p := r.open(r.site.b("/embed"))
	r.status("0", serviceworker.VersionStatusActivated)
	r.settle(500 * time.Millisecond)
	r.snapshot()
	r.t.Logf("claimed: %v", anyVersion(r.state, "0").Clients)
	p.navigate(r.site.b("/embed"))
	r.settle(500 * time.Millisecond)
	r.snapshot()
	r.t.Logf("loaded again: %v, page is %s", anyVersion(r.state, "0").Clients, p.id)
}

func frameSameSite(r *transcriber) {
	r.site.page("/", `<!doctype html><title>Home</title><iframe src="/app/"></iframe>`)
	p := r.active(plainWorker)
	p.navigate(r.site.a("/"))
	r.settle(500 * time.Millisecond)
	r.snapshot()
	r.t.Logf("%v, page is %s", anyVersion(r.state, "0").Clients, p.id)
}

func restart(r *transcriber) {
	r.active(plainWorker)
	r.settle(2 * time.Second) // Chromium writes registrations to disk by and by
	r.note(NoteGone{Reason: "the browser closed the connection"})
	r.must(r.proc.Close())
	r.note(NoteRetry{Attempt: 1, Reason: "connection refused"})
	r.launch()
	r.settle(500 * time.Millisecond)
}

func pausedScenario(r *transcriber) {
	p := r.active(`addEventListener('message', e => { debugger; });` + plainWorker)
	r.snapshot()
	r.waiting(p, plainWorker+"// 2")
	v := anyVersion(r.state, "0")
	if v.Running != serviceworker.VersionRunningStatusRunning {
		r.call(r.watch, "ServiceWorker.startWorker", map[string]any{"scopeURL": r.site.a("/app/")}, nil)
		r.running("0", serviceworker.VersionRunningStatusRunning)
		v = anyVersion(r.state, "0")
	}
	s := r.attach(v.TargetID)
	r.worker[s.ID()] = v.TargetID
	r.note(NoteTargetSession{TargetID: v.TargetID, Reason: "debugger", Attached: true})
	r.call(s, "Debugger.enable", map[string]any{}, nil)
	p.eval("navigator.serviceWorker.controller.postMessage('stop')")
	r.until("paused", func(st *State) bool { return anyVersion(st, "0").Paused != nil })
	r.t.Log(Why(r.state, r.state.Live()[0]).Sentence)
	r.receipt(Action{Kind: SkipWaiting, Registration: r.key("0")}, Sent, "")
	r.call(r.watch, "ServiceWorker.skipWaiting", map[string]any{"scopeURL": r.site.a("/app/")}, nil)
	r.settle(2 * time.Second)
	r.receipt(Action{Kind: SkipWaiting, Registration: r.key("0")}, NoEffect, "#0 is paused in the debugger")
	r.call(s, "Debugger.resume", map[string]any{}, nil)
	r.status("1", serviceworker.VersionStatusActivated)
	r.note(NoteTargetSession{TargetID: v.TargetID, Attached: false})
	r.settle(300 * time.Millisecond)
}

func consoleScenario(r *transcriber) {
	r.active(`console.log('start %s', 'now', {a: 1});
addEventListener('message', e => { console.warn('got', e.data); addEventListener('push', () => {}); throw new Error('no handler'); });`)
	v := anyVersion(r.state, "0")
	s := r.attach(v.TargetID)
	r.worker[s.ID()] = v.TargetID
	r.note(NoteTargetSession{TargetID: v.TargetID, Reason: "console", Attached: true})
	r.call(s, "Runtime.enable", nil, nil)
	r.call(s, "Log.enable", nil, nil)
	p := r.open(r.site.a("/app/"))
	p.eval("navigator.serviceWorker.ready.then(r => r.active.postMessage([1, 'two']))")
	r.settle(time.Second)
	r.must(s.Detach(r.ctx))
	r.note(NoteTargetSession{TargetID: v.TargetID, Attached: false})
}

func hardReload(r *transcriber) {
	p := r.active(plainWorker)
	r.snapshot()
	r.t.Logf("controlled: %s %v", p.eval("String(!!navigator.serviceWorker.controller)"), anyVersion(r.state, "0").Clients)
	r.call(p.s, "Page.reload", map[string]any{"ignoreCache": true}, nil)
	r.settle(time.Second)
	r.t.Logf("after a hard reload: %s %v", p.eval("String(!!navigator.serviceWorker.controller)"), anyVersion(r.state, "0").Clients)
	r.snapshot()
	p.navigate(r.site.a("/app/"))
	r.settle(500 * time.Millisecond)
	r.t.Logf("after a reload: %s %v", p.eval("String(!!navigator.serviceWorker.controller)"), anyVersion(r.state, "0").Clients)
	r.snapshot()
}

func idle(r *transcriber) {
	p := r.active(`addEventListener('push', () => {});` + plainWorker)
	p.navigate(r.site.a("/"))
	r.running("0", serviceworker.VersionRunningStatusStopped)
	r.receipt(Action{Kind: Push, Registration: r.key("0"), Data: "hello"}, Sent, "")
	r.call(r.watch, "ServiceWorker.deliverPushMessage", map[string]any{"origin": r.site.a(""), "registrationId": "0", "data": "hello"}, nil)
	r.running("0", serviceworker.VersionRunningStatusRunning)
	r.settle(300 * time.Millisecond)
}

func updateFails(r *transcriber) {
	r.active(plainWorker)
	r.site.script("/app/sw.js", "this is not a script")
	r.receipt(Action{Kind: Update, Registration: r.key("0")}, Sent, "")
	r.call(r.watch, "ServiceWorker.updateRegistration", map[string]any{"scopeURL": r.site.a("/app/")}, nil)
	r.settle(3 * time.Second)
	r.snapshot()
}

func eventHolds(r *transcriber) {
	r.site.page("/slow", strings.Repeat("x", 10))
	p := r.active(`addEventListener('message', e => e.waitUntil(new Promise(r => setTimeout(r, 8000))));` + plainWorker)
	r.snapshot()
	r.waiting(p, plainWorker+"// 2")
	p.eval("navigator.serviceWorker.controller.postMessage('work')")
	r.settle(300 * time.Millisecond)
	p.navigate(r.site.a("/"))
	r.settle(500 * time.Millisecond)
	r.snapshot()
	if w := Why(r.state, r.state.Live()[0]); w != nil {
		r.t.Log(w.Sentence)
	}
	r.status("1", serviceworker.VersionStatusActivated)
	r.settle(300 * time.Millisecond)
}
