package debugging

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/internal/backend"
)

// patience is how long anything may take; quiet how long nothing may come before it
// is said that nothing came.
const (
	patience = 8 * time.Second
	quiet    = 300 * time.Millisecond
)

type object = map[string]any

// driver runs one scenario on one browser and writes down what happens.
type driver struct {
	t       testing.TB
	backend *backend.Backend
	conn    *cdp.Conn
	page    *backend.Page
	origin  string
	out     strings.Builder

	attached *cdp.Subscription
	worker   *debuggee
}

// debuggee is one session on a worker.
type debuggee struct {
	*driver
	*cdp.Session
	target  target.ID
	name    string // before its lines
	events  *cdp.Subscription
	waiting []cdp.Event
	urls    map[string]string // of scripts
	last    object            // the last pause
	// closures are the names that are said of closures, when not nil: V8 keeps only the
	// variables that a function uses.
	closures []string
}

// drive runs a scenario with the files of a site.
func drive(t testing.TB, b *backend.Backend, files map[string]string, scenario func(d *driver)) string {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serveFile(w, r, files) }))
	defer site.Close()
	transport, err := cdp.DialWebSocket(t.Context(), b.URL)
	if err != nil {
		t.Fatal(err)
	}
	conn := cdp.NewConn(transport)
	defer conn.Close()
	own := &backend.Backend{Product: b.Product, URL: b.URL, Conn: conn}
	d := &driver{t: t, backend: own, conn: conn, origin: site.URL}
	page, err := own.NewPage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer page.Close()
	d.page = page
	if err := page.Navigate(t.Context(), site.URL+"/"); err != nil {
		t.Fatal(err)
	}
	d.attached = page.Listen(64, "Target.attachedToTarget")
	defer d.attached.Close()
	d.call(page.Session, "Target.setAutoAttach", object{"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true, "filter": []any{object{"type": "service_worker"}}})
	scenario(d)
	return d.out.String()
}

func serveFile(w http.ResponseWriter, r *http.Request, files map[string]string) {
	text, found := files[strings.TrimPrefix(r.URL.Path, "/")]
	switch {
	case found && strings.HasSuffix(r.URL.Path, "js"):
		w.Header().Set("Content-Type", "text/javascript")
	case r.URL.Path == "/":
		w.Header().Set("Content-Type", "text/html")
		text = "<!doctype html><title>debugging</title>"
	case !found:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprint(w, text)
}

func (d *driver) say(format string, args ...any) { fmt.Fprintf(&d.out, format+"\n", args...) }

func (d *driver) try(s *cdp.Session, method string, params any) (object, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.t.Context()), patience)
	defer cancel()
	if params == nil {
		params = object{}
	}
	var out object
	err := s.Call(ctx, method, params, &out)
	return out, err
}

func (d *driver) call(s *cdp.Session, method string, params any) object {
	d.t.Helper()
	out, err := d.try(s, method, params)
	if err != nil {
		d.t.Fatalf("%s %v: %v\n%s", method, params, err, d.out.String())
	}
	return out
}

// inPage starts an expression in the page and gives where its value comes.
func (d *driver) inPage(expression string) <-chan any {
	value := make(chan any, 1)
	go func() {
		r, err := d.try(d.page.Session, "Runtime.evaluate", object{"expression": expression, "awaitPromise": true, "returnByValue": true})
		if err != nil {
			value <- err.Error()
			return
		}
		value <- at(r, "result", "value")
	}()
	return value
}

func (d *driver) wait(value <-chan any) any {
	d.t.Helper()
	select {
	case v := <-value:
		return v
	case <-time.After(patience):
		d.t.Fatalf("no value came\n%s", d.out.String())
		return nil
	}
}

// fetch is a fetch in the page; its text is said when it comes.
func (d *driver) fetch(path string) <-chan any {
	return d.inPage("fetch(" + quote(path) + ").then((r) => r.text(), String)")
}

// register registers a worker and attaches to it while it waits, with Debugger and
// Runtime enabled.
func (d *driver) register(script string, options object) <-chan any {
	d.t.Helper()
	o, _ := json.Marshal(options)
	done := d.inPage(`navigator.serviceWorker.register(` + quote(script) + `, ` + string(o) + `).then(async (r) => {
		const w = r.installing || r.waiting || r.active;
		while (w.state != 'activated' && w.state != 'redundant') await new Promise((f) => w.addEventListener('statechange', f, {once: true}));
		return w.state;
	}, String)`)
	d.nextWorker()
	return done
}

// nextWorker is the next worker that waits.
func (d *driver) nextWorker() {
	d.t.Helper()
	select {
	case e := <-d.attached.C():
		var a struct {
			SessionID  string      `json:"sessionId"`
			TargetInfo target.Info `json:"targetInfo"`
		}
		if err := json.Unmarshal(e.Params, &a); err != nil {
			d.t.Fatal(err)
		}
		d.worker = d.debug(d.conn.Session(a.SessionID), a.TargetInfo.TargetID, "")
	case <-time.After(patience):
		d.t.Fatalf("no worker came\n%s", d.out.String())
	}
}

func (d *driver) debug(s *cdp.Session, id target.ID, name string) *debuggee {
	w := &debuggee{driver: d, Session: s, target: id, name: name, urls: map[string]string{}}
	w.events = s.Listen(4096)
	w.send("Debugger.enable", object{})
	w.send("Runtime.enable", object{})
	return w
}

// send sends a command without waiting for its reply: a Chromium may not answer a
// worker's before it runs.
func (w *debuggee) send(method string, params any) {
	w.t.Helper()
	if !strings.Contains(method, ".") {
		method = "Debugger." + method
	}
	if params == nil {
		params = object{}
	}
	if err := w.Go(method, params); err != nil {
		w.t.Fatal(err)
	}
}

// another attaches once more to the worker.
func (w *debuggee) another(name string) *debuggee {
	w.t.Helper()
	s, err := w.conn.Attach(w.t.Context(), w.target)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.debug(s, w.target, name)
}

func (w *debuggee) say(format string, args ...any) { w.driver.say(w.name+format, args...) }

func (w *debuggee) do(method string, params any) object {
	w.t.Helper()
	if !strings.Contains(method, ".") {
		method = "Debugger." + method
	}
	return w.call(w.Session, method, params)
}

// fails is a command whose error is said.
func (w *debuggee) fails(method string, params any) {
	w.t.Helper()
	if !strings.Contains(method, ".") {
		method = "Debugger." + method
	}
	out, err := w.try(w.Session, method, params)
	if err != nil {
		w.say("%s: %s", method, strings.TrimPrefix(err.Error(), method+": "))
		return
	}
	w.say("%s: %s", method, quoteJSON(out))
}

func (w *debuggee) run() { w.t.Helper(); w.send("Runtime.runIfWaitingForDebugger", nil) }

// take puts an event with those that wait.
func (w *debuggee) take(e cdp.Event) {
	if e.Method == "Debugger.scriptParsed" {
		var p object
		_ = json.Unmarshal(e.Params, &p)
		w.urls[p["scriptId"].(string)] = p["url"].(string)
	}
	w.waiting = append(w.waiting, e)
}

// note takes the events that are there.
func (w *debuggee) note() {
	for {
		select {
		case e, ok := <-w.events.C():
			if !ok {
				return
			}
			w.take(e)
		default:
			return
		}
	}
}

// next is the next event of a method; scripts are taken note of on the way.
func (w *debuggee) next(within time.Duration, methods ...string) (string, object, bool) {
	timer := time.NewTimer(within)
	defer timer.Stop()
	for i := 0; ; i++ {
		var e cdp.Event
		if i < len(w.waiting) {
			e = w.waiting[i]
		} else {
			select {
			case got, ok := <-w.events.C():
				if !ok {
					return "", nil, false
				}
				e = got
				w.take(e)
			case <-timer.C:
				return "", nil, false
			}
		}
		for _, m := range methods {
			if e.Method == m {
				w.waiting = append(w.waiting[:i:i], w.waiting[i+1:]...)
				var p object
				_ = json.Unmarshal(e.Params, &p)
				return e.Method, p, true
			}
		}
	}
}

// parsed waits for a script.
func (w *debuggee) parsed(path string) object {
	w.t.Helper()
	for {
		_, p, ok := w.next(patience, "Debugger.scriptParsed")
		if !ok {
			w.t.Fatalf("script %s did not come\n%s", path, w.out.String())
		}
		if strings.HasSuffix(p["url"].(string), path) {
			return p
		}
	}
}

// paused waits for the next pause and says where and why.
func (w *debuggee) paused() object {
	w.t.Helper()
	return w.pausedIn(99)
}

// pausedTop is paused with the innermost frame only.
func (w *debuggee) pausedTop() object {
	w.t.Helper()
	return w.pausedIn(1)
}

// pausedPlace is paused with the place only.
func (w *debuggee) pausedPlace() {
	w.t.Helper()
	_, p, ok := w.next(patience, "Debugger.paused")
	if !ok {
		w.t.Fatalf("no pause came\n%s", w.out.String())
	}
	w.last = p
	l, _ := at(p, "callFrames", 0, "location").(object)
	w.say("paused at %s", w.place(l))
}

func (w *debuggee) pausedIn(depth int) object {
	w.t.Helper()
	_, p, ok := w.next(patience, "Debugger.paused")
	if !ok {
		w.t.Fatalf("no pause came\n%s", w.out.String())
	}
	w.last = p
	frames, _ := p["callFrames"].([]any)
	line := fmt.Sprintf("paused: %s at %s", reasons(p), w.stack(frames[:min(depth, len(frames))]))
	if hits, _ := p["hitBreakpoints"].([]any); len(hits) > 0 {
		line += fmt.Sprintf(" hit %s", w.plain(fmt.Sprint(hits...)))
	}
	if data, ok := p["data"].(object); ok && data["type"] != nil {
		line += " data " + value(data) + flagOf(data, "uncaught")
	}
	w.say("%s", line)
	return p
}

// running waits for Debugger.resumed.
func (w *debuggee) running() {
	w.t.Helper()
	if _, _, ok := w.next(patience, "Debugger.resumed"); !ok {
		w.t.Fatalf("did not resume\n%s", w.out.String())
	}
	w.say("resumed")
}

// console waits for a console message and says it.
func (w *debuggee) console() {
	w.t.Helper()
	_, p, ok := w.next(patience, "Runtime.consoleAPICalled")
	if !ok {
		w.t.Fatalf("no message came\n%s", w.out.String())
	}
	var all []string
	list, _ := p["args"].([]any)
	for _, a := range list {
		all = append(all, value(a))
	}
	w.say("console.%s %s", p["type"], strings.Join(all, " "))
}

// lines steps on until it is at another place than before, and says it: browsers differ
// in how often they stop in a line.
func (w *debuggee) lines(method string) bool {
	w.t.Helper()
	before := w.stack(w.last["callFrames"])
	for {
		w.do(method, nil)
		w.discard("Debugger.resumed")
		_, p, ok := w.next(quiet, "Debugger.paused")
		if !ok {
			w.say("%s: runs on", method)
			return false
		}
		w.last = p
		if now := w.stack(p["callFrames"]); now != before {
			w.say("%s: %s %s", method, reasons(p), now)
			return true
		}
	}
}

func (w *debuggee) discard(method string) {
	w.t.Helper()
	if _, _, ok := w.next(patience, method); !ok {
		w.t.Fatalf("no %s\n%s", method, w.out.String())
	}
}

func (w *debuggee) resume() { w.t.Helper(); w.do("resume", nil); w.running() }

func (w *debuggee) frameID(i int) string {
	id, _ := at(w.last, "callFrames", i, "callFrameId").(string)
	return id
}

// on evaluates in a frame of the last pause and says the value.
func (w *debuggee) on(frame int, expression string) {
	w.t.Helper()
	r := w.do("evaluateOnCallFrame", object{"callFrameId": w.frameID(frame), "expression": expression})
	w.say("%s = %s", expression, w.result(r))
}

func (w *debuggee) eval(expression string) {
	w.t.Helper()
	r := w.do("Runtime.evaluate", object{"expression": expression})
	w.say("%s = %s", expression, w.result(r))
}

func (w *debuggee) result(r object) string {
	if d, ok := r["exceptionDetails"].(object); ok {
		name, _, _ := strings.Cut(firstLine(value(d["exception"])), ":") // wording differs
		return "throws " + name
	}
	return firstLine(value(r["result"]))
}

// breakAt sets a breakpoint by URL and says where it is.
func (w *debuggee) breakAt(path string, line int, more object) string {
	w.t.Helper()
	params := object{"url": w.origin + path, "lineNumber": line}
	for k, v := range more {
		params[k] = v
	}
	r := w.do("setBreakpointByUrl", params)
	w.say("breakpoint %s at %s", w.plain(fmt.Sprint(r["breakpointId"])), w.places(r["locations"]))
	return fmt.Sprint(r["breakpointId"])
}

func (w *debuggee) places(list any) string {
	all := []string{}
	l, _ := list.([]any)
	for _, p := range l {
		if at := w.place(p.(object)); len(all) == 0 || all[len(all)-1] != at {
			all = append(all, at)
		}
	}
	return "[" + strings.Join(all, " ") + "]"
}
