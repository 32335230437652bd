package replay

import (
	"testing"
	"time"

	"github.com/swinspect/swinspect/assets/demo"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

func visitDemo(t *testing.T) func(c *drive.Chromium, base string) {
	return func(c *drive.Chromium, base string) {
		page := c.OpenAny(t, "", base+"/")
		for page.Eval(t, "location.protocol") != "http:" {
			time.Sleep(50 * time.Millisecond)
		}
		page.Eval(t, `navigator.serviceWorker.ready.then(() => new Promise(f => setTimeout(f, 2000))).then(() => "ok")`)
		page.Eval(t, `setTimeout(() => location.reload(), 10), "ok"`)
		time.Sleep(2000 * time.Millisecond)
		page.Eval(t, `fetch("/missing.txt", {method: "POST", body: "hello"}).then(r => r.text())`)
		page.Eval(t, `new Promise(f => setTimeout(f, 1000)).then(() => "ok")`)
	}
}

// The demo, as a real browser ran it, answers on the engine as it did there.
func TestDemoOfChromium(t *testing.T) {
	r := recordChromium(t, demo.New(), false, visitDemo(t))
	all, s := replayed(t, r, Options{})
	// Chromium has forgotten the English forecast when the German one came.
	if !s.OK() || s.Events < 8 || s.Rules[RuleOneVariant] == 0 {
		logged(t, all, s)
		t.Errorf("%+v", s)
	}
}
