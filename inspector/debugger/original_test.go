package debugger

import (
	"strings"
	"testing"
)

// A script with its source map in it says where its frames come from.
func TestOriginal(t *testing.T) {
	// Line 13 of the script is line 17 of src/worker.ts.
	mapped := worker + "//# sourceMappingURL=data:application/json,%7B%22version%22:3,%22sources%22:%5B%22src/worker.ts%22%5D,%22names%22:%5B%5D,%22mappings%22:%22;;;;;;;;;;;;AAgBA%22%7D\n"
	everyBackend(t, func(t *testing.T, name string) {
		w := newWorld(t, name, mapped, "line:sw.js:13")
		w.js(control)
		done := w.begin(`fetch('/x').then((r) => r.status)`)
		p := w.paused(0)
		at := p.Pause.Frames[0].Original
		if at == nil || !strings.HasSuffix(at.URL, "/src/worker.ts") || at.Line != 17 {
			t.Errorf("%s comes from %+v", top(p), at)
		}
		w.resume(p)
		done()
	})
	for _, bad := range []string{"", "sw.js.map", "data:", "data:application/json;base64,%%%", "data:application/json,%zz", "data:application/json,{"} {
		if inlineMap(bad) != nil {
			t.Errorf("%q is a map", bad)
		}
	}
}
