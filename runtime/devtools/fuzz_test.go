package devtools

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"

	"github.com/swinspect/swinspect/cdp"
)

// panics collects what handlers panicked with.
type panics struct {
	slog.Handler
	mu   sync.Mutex
	said []string
}

func newPanics() *panics { return &panics{Handler: slog.NewTextHandler(io.Discard, nil)} }

// Handle is slog.Handler's.
func (p *panics) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "panic") {
		var b strings.Builder
		r.Attrs(func(a slog.Attr) bool { b.WriteString(a.String() + "\n"); return true })
		p.mu.Lock()
		p.said = append(p.said, r.Message+"\n"+b.String())
		p.mu.Unlock()
	}
	return nil
}

func (p *panics) take() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	said := p.said
	p.said = nil
	return said
}

// hostile is a server with one session of every kind, and what it panics with.
type hostile struct {
	*client
	panics   *panics
	sessions map[string]*cdp.Session
	tables   map[string]*table
}

func newHostile(t testing.TB) *hostile {
	p := newPanics()
	c := connect(t, func(o *Options) { o.Logger = slog.New(p) })
	h := &hostile{client: c, panics: p, sessions: map[string]*cdp.Session{"browser": c.Root()}, tables: map[string]*table{}}
	h.sessions["page"] = c.page("/index.html")
	c.register(h.sessions["page"])
	c.evaluate(h.sessions["page"], `window.w = new Worker(URL.createObjectURL(new Blob(['postMessage(1)']))), new Promise((r) => w.onmessage = () => r(1))`)
	filter := []object{{}}
	for _, x := range c.call(c.Root(), "Target.getTargets", object{"filter": filter})["targetInfos"].([]any) {
		kind := at(x, "type").(string)
		if h.sessions[kind] == nil {
			id := c.call(c.Root(), "Target.attachToTarget", object{"targetId": at(x, "targetId"), "flatten": true})["sessionId"].(string)
			h.sessions[kind] = c.Session(id)
		}
	}
	for _, kind := range []string{"browser", "page", "tab", "worker", "service_worker"} {
		if h.sessions[kind] == nil {
			t.Fatalf("no session of a %s", kind)
		}
		h.tables[kind] = c.server.tables.of(kind)
	}
	h.tables["browser"] = c.server.tables.browser
	return h
}

// deadly are commands that end what the test needs, not what is being tested.
var deadly = []string{"Browser.close", "Target.disposeBrowserContext", "Target.closeTarget", "Page.close", "Target.detachFromTarget"}

// send sends a command with arbitrary parameters; a reply of any kind has to come.
// What a page does with what it is sent (alert, endless loops) is no business of the
// command's: such are ended by their context.
func (h *hostile) send(t testing.TB, kind, method string, params jsonv2.Value) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	err := h.sessions[kind].Call(ctx, method, json.RawMessage(params), nil)
	if said := h.panics.take(); len(said) > 0 {
		t.Fatalf("%s of a %s with %s panicked: %s", method, kind, params, strings.Join(said, "\n"))
	}
	if errors.Is(err, context.DeadlineExceeded) && !waits[method] {
		t.Fatalf("%s of a %s with %s was not answered", method, kind, params)
	}
	if errors.Is(err, cdp.ErrClosed) {
		t.Fatalf("%s of a %s with %s ended the connection: %v", method, kind, params, err)
	}
}

// waits are commands that wait for as long as a script or a server does.
var waits = map[string]bool{
	"Runtime.evaluate": true, "Runtime.callFunctionOn": true, "Runtime.awaitPromise": true, "Runtime.runScript": true,
	"Page.navigate": true, "SWInspect.dispatchFetch": true,
}

// hostileParams are parameters that no command is made for.
func hostileParams(d commandDescription) []string {
	all := []string{`null`, `[]`, `{}`, `"x"`, `5`, `{"":""}`}
	for _, wrong := range []string{`null`, `5`, `-1`, `1e308`, `"\u0000x"`, `"\ud800"`, `[]`, `[null]`, `{}`, `true`, `"9223372036854775808"`, `["a",5]`} {
		fields := map[string]json.RawMessage{}
		for _, p := range d.Parameters {
			fields[p.Name] = json.RawMessage(wrong)
		}
		all = append(all, asJSON(fields))
	}
	right := map[string]any{}
	for _, p := range d.Parameters {
		right[p.Name] = map[string]any{
			"string": "nonsense\x00", "integer": -9007199254740991, "number": -1e300, "boolean": true, "array": []any{nil}, "object": object{}, "any": nil,
		}[p.Type]
	}
	return append(all, asJSON(right))
}

// Whatever a client sends, it gets an answer, and nothing panics.
func TestHostileParameters(t *testing.T) {
	h := newHostile(t)
	for kind, table := range h.tables {
		for _, domain := range sortedKeys(table.domains) {
			for _, command := range table.domains[domain].Commands {
				method := domain + "." + command.Name
				if slices.Contains(deadly, method) || method == "Page.navigate" && kind != "page" {
					continue
				}
				for _, params := range hostileParams(command) {
					h.send(t, kind, method, jsonv2.Value(params))
				}
			}
		}
	}
	if h.evaluate(h.client.page("/index.html"), "1 + 1") != 2.0 {
		t.Error("the engine does not evaluate any more")
	}
}

// FuzzCommand sends arbitrary parameters to any method of every kind of session.
func FuzzCommand(f *testing.F) {
	tables := newTables()
	for kind, table := range map[string]*table{"browser": tables.browser, "page": tables.page, "tab": tables.tab, "worker": tables.worker, "service_worker": tables.serviceWorker} {
		for name, d := range table.domains {
			for _, command := range d.Commands {
				params := hostileParams(command)
				f.Add(kind, name+"."+command.Name, []byte(params[len(params)-1]))
			}
		}
	}
	f.Add("page", "Runtime.evaluate", []byte(`{"expression":"({get x() { throw 1 }, y: new Proxy({}, {ownKeys() { throw 2 }})})","returnByValue":true,"generatePreview":true}`))
	f.Add("page", "Fetch.enable", []byte(`{"patterns":[{"urlPattern":"**[","requestStage":"Response"},null]}`))
	f.Add("page", "SWInspect.dispatchFetch", []byte(`{"registrationId":"0","url":"/made","headers":[{"name":"\r\n","value":"\u0000"}]}`))
	f.Add("page", "Network.setExtraHTTPHeaders", []byte(`{"headers":{"x y":"\r\n",":":5}}`))
	f.Add("page", "DOM.performSearch", []byte(`{"query":"((((//*[((("}`))
	h := newHostile(f)
	f.Fuzz(func(t *testing.T, kind, method string, params []byte) {
		if h.sessions[kind] == nil || slices.Contains(deadly, method) || !json.Valid(params) {
			return
		}
		if strings.HasPrefix(method, "Runtime.") && strings.Contains(string(params), "for") {
			return // what scripts do is runtime/script's to limit
		}
		h.send(t, kind, method, params)
	})
}
