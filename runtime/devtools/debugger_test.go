package devtools

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// The scripts of a worker and of a page are told with their texts as they were
// fetched, whether Debugger was enabled before they ran or after.
func TestScripts(t *testing.T) {
	files := maps.Clone(site)
	const lowered = "async function* g() { yield 1 }\nself.g = g; // é"
	maps.Copy(files, fstest.MapFS{
		"scripts.html": file("<!doctype html><script>var inline = 1</script><script src='app.js'></script><script type=module src='page.mjs'></script>"),
		"page.mjs":     file("import './lib.mjs'; window.module = 1"),
		"lib.mjs":      file("export default 2"),
		"imports.js":   file("importScripts('/lowered.js')\n//# sourceMappingURL=imports.js.map\n"),
		"lowered.js":   file(lowered),
		"module.js":    file("import './lib.mjs'; self.m = 1"),
	})
	c := connect(t, func(o *Options) { o.Browser.Network = fetch.Folder(files, origin) })
	p := c.page("/scripts.html")
	parsed := p.Listen(64, "Debugger.scriptParsed")
	defer parsed.Close()
	texts := func(n int) map[string]string {
		got := map[string]string{}
		for range n {
			e := next(t, parsed).Params
			source, _ := c.call(p, "Debugger.getScriptSource", object{"scriptId": e["scriptId"]})["scriptSource"].(string)
			sum := sha256.Sum256([]byte(source))
			is(t, "hash", e["hash"], hex.EncodeToString(sum[:]))
			got[strings.TrimPrefix(e["url"].(string), origin)] += source
		}
		return got
	}
	want := map[string]string{"/scripts.html": "var inline = 1", "/app.js": "window.app = 'loaded'", "/page.mjs": "import './lib.mjs'; window.module = 1", "/lib.mjs": "export default 2"}
	c.call(p, "Debugger.enable", nil)
	if got := texts(4); !maps.Equal(got, want) {
		t.Errorf("after: %q", got)
	}
	c.navigate(p, "/scripts.html")
	if got := texts(4); !maps.Equal(got, want) {
		t.Errorf("as they run: %q", got)
	}
	c.refused(p, "Debugger.getScriptSource", object{"scriptId": "999"}, -32000, "No script for id: 999")

	for script, want := range map[string][]string{"/imports.js": {"/imports.js", "/lowered.js"}, "/module.js": {"/module.js", "/lib.mjs"}} {
		kind := "classic"
		if script == "/module.js" {
			kind = "module"
		}
		c.evaluate(p, `(async () => {
			const r = await navigator.serviceWorker.register('`+script+`', {type: '`+kind+`', scope: '`+script+`/'});
			await new Promise((f) => { const w = r.installing; w.onstatechange = () => { if (w.state == 'activated') f() } });
		})()`)
		w := c.worker(script)
		scripts := w.Listen(64, "Debugger.scriptParsed")
		c.call(w, "Debugger.enable", nil)
		for i, url := range want {
			e := next(t, scripts).Params
			is(t, "url", e["url"], origin+url)
			is(t, "module", e["isModule"], kind == "module")
			source := c.call(w, "Debugger.getScriptSource", object{"scriptId": e["scriptId"]})["scriptSource"]
			is(t, "text of "+url, source, string(files[url[1:]].Data))
			if url == "/lowered.js" {
				is(t, "place", []any{e["endLine"], e["endColumn"], e["length"]}, []any{1.0, 16.0, 48.0})
			}
			if i == 0 && kind == "classic" {
				is(t, "source map", e["sourceMapURL"], "imports.js.map")
			}
		}
		scripts.Close()
	}
}

// worker attaches to the service worker of a script.
func (c *client) worker(script string) *cdp.Session {
	c.t.Helper()
	targets, _ := c.call(c.Root(), "Target.getTargets", nil)["targetInfos"].([]any)
	for _, x := range targets {
		if at(x, "type") == "service_worker" && at(x, "url") == origin+script {
			s, err := c.Attach(c.t.Context(), target.ID(at(x, "targetId").(string)))
			if err != nil {
				c.t.Fatal(err)
			}
			return s
		}
	}
	c.t.Fatal("no worker of " + script)
	return nil
}
