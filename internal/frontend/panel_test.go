package frontend

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

// patience is how long anything of the front end may take to appear.
const patience = 30 * time.Second

// panel is an open front end, used as a user does: what is looked for is what is
// visible, wherever its shadow roots are; what is clicked is clicked with the mouse.
type panel struct {
	t testing.TB
	*cdp.Session
	said *cdp.Subscription // what it writes to its own console
}

// helpers run in the front end. found lists the visible elements of a selector, of
// those with a text if one is given (as one word after the other); awaited asks again
// until a condition gives something.
const helpers = `(() => {
	const every = (root, selector, out) => {
		for (const e of root.querySelectorAll('*')) {
			if (e.matches(selector)) out.push(e);
			if (e.shadowRoot) every(e.shadowRoot, selector, out);
		}
		return out;
	};
	const words = (e) => {
		let out = '';
		const walk = (n) => {
			if (n.nodeType === Node.TEXT_NODE) out += n.data;
			if (n.localName === 'slot') { n.assignedNodes().forEach(walk); return; }
			if (n.localName === 'style' || n.nodeType === Node.ELEMENT_NODE && !n.checkVisibility()) return;
			(n.shadowRoot ?? n).childNodes.forEach(walk);
			if (n.nodeType === Node.ELEMENT_NODE && getComputedStyle(n).display !== 'inline') out += ' ';
		};
		walk(e);
		return out.replace(/\u200b/g, '').replace(/\s+/g, ' ').trim();
	};
	const visible = (e) => e.checkVisibility() && e.getBoundingClientRect().width > 0;
	const found = (selector, text) => every(document, selector, []).filter((e) => visible(e) && (text === '' || words(e).includes(text) || (e.getAttribute('aria-label') ?? '').includes(text)));
	const awaited = (condition, limit) => new Promise((resolve) => {
		const end = performance.now() + limit;
		const look = () => {
			const v = condition();
			if (v) resolve(v);
			else if (performance.now() > end) resolve(null);
			else setTimeout(look, 15);
		};
		look();
	});
	window.swinspect = { found, words, awaited };
})()`

// open opens the front end at an address on a target of a debuggee.
func open(t testing.TB, c *drive.Chromium, address string) *panel {
	t.Helper()
	made, err := cdproto.Call(t.Context(), c.Conn().Root(), target.CreateTarget, target.CreateTargetParams{URL: "about:blank"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Conn().Attach(t.Context(), made.TargetID)
	if err != nil {
		t.Fatal(err)
	}
	p := &panel{t: t, Session: s, said: s.Listen(1000, "Runtime.consoleAPICalled", "Runtime.exceptionThrown")}
	for _, err := range []error{
		ok(cdproto.Call(t.Context(), s, runtime.Enable, cdproto.Empty{})),
		ok(cdproto.Call(t.Context(), s, page.Enable, page.EnableParams{})),
		ok(cdproto.Call(t.Context(), s, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 1280, Height: 800, DeviceScaleFactor: 1})),
		ok(cdproto.Call(t.Context(), s, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: helpers})),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if _, err := cdproto.Call(ctx, c.Conn().Root(), target.CloseTarget, target.CloseTargetParams(made)); err != nil {
			t.Error(err)
		}
	})
	went, err := cdproto.Call(t.Context(), s, page.Navigate, page.NavigateParams{URL: address})
	if err != nil || went.ErrorText != "" {
		t.Fatalf("opening %s: %v %s", address, err, went.ErrorText)
	}
	return p
}

func ok[R any](_ R, err error) error { return err }

// evaluate gives the value of an expression in the front end, after its promise.
func (p *panel) evaluate(expression string, args ...any) json.RawMessage {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 2*patience)
	defer cancel()
	raw := make([]any, len(args))
	for i, a := range args {
		b, err := json.Marshal(a)
		if err != nil {
			p.t.Fatal(err)
		}
		raw[i] = string(b)
	}
	yes := true
	expression = fmt.Sprintf(expression, raw...)
	r, err := cdproto.Call(ctx, p.Session, runtime.Evaluate, runtime.EvaluateParams{Expression: expression, AwaitPromise: &yes, ReturnByValue: &yes})
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	if r.ExceptionDetails != nil {
		p.t.Fatalf("%s: %s", expression, r.ExceptionDetails.Exception.Description)
	}
	return json.RawMessage(r.Result.Value)
}

// box is where an element is, in CSS pixels, and what it says.
type box struct {
	X, Y, W, H float64
	Words      string
}

// wait waits for the nth (0, …; -1 for the last) visible element of a selector with a
// text; it is where it was a moment ago.
func (p *panel) wait(selector, text string, nth int) box {
	p.t.Helper()
	raw := p.evaluate(`(() => {
		let before;
		return swinspect.awaited(() => {
			const e = swinspect.found(%s, %s).at(%s);
			if (!e) return null;
			const r = e.getBoundingClientRect(), now = {X: r.x, Y: r.y, W: r.width, H: r.height, Words: swinspect.words(e)};
			const same = JSON.stringify(now) === before;
			before = JSON.stringify(now);
			return same ? now : null;
		}, %s);
	})()`, selector, text, nth, patience.Milliseconds())
	var b *box
	if err := json.Unmarshal(raw, &b); err != nil || b == nil {
		p.t.Fatalf("the front end shows no %s with %q (%v)\n%s\n%s", selector, text, err, p.text("body"), p.console())
	}
	return *b
}

// until waits for a condition, an expression with swinspect.found and swinspect.words.
func (p *panel) until(condition string, args ...any) {
	p.t.Helper()
	raw := p.evaluate(`swinspect.awaited(() => `+condition+`, %s).then(Boolean)`, append(args, patience.Milliseconds())...)
	if string(raw) != "true" {
		p.t.Fatalf("in vain: %s %v\n%s\n%s", condition, args, p.text("body"), p.console())
	}
}

// text is what the first visible element of a selector says.
func (p *panel) text(selector string) string {
	p.t.Helper()
	var s string
	_ = json.Unmarshal(p.evaluate(`(() => { const [e] = swinspect.found(%s, ''); return e ? swinspect.words(e) : '' })()`, selector), &s)
	return s
}

// texts are what all visible elements of a selector say.
func (p *panel) texts(selector string) []string {
	p.t.Helper()
	var all []string
	if err := json.Unmarshal(p.evaluate(`swinspect.found(%s, '').map(swinspect.words)`, selector), &all); err != nil {
		p.t.Fatal(err)
	}
	return all
}

// click waits for an element and clicks into its middle.
func (p *panel) click(selector, text string) {
	p.t.Helper()
	b := p.wait(selector, text, 0)
	p.clickAt(b.X+b.W/2, b.Y+b.H/2)
}

func (p *panel) clickAt(x, y float64) {
	p.t.Helper()
	for _, kind := range []input.DispatchMouseEventType{"mouseMoved", "mousePressed", "mouseReleased"} {
		params := input.DispatchMouseEventParams{Type: kind, X: x, Y: y}
		if kind != "mouseMoved" {
			params.Button, params.ClickCount = "left", 1
		}
		if _, err := cdproto.Call(p.t.Context(), p.Session, input.DispatchMouseEvent, params); err != nil {
			p.t.Fatal(err)
		}
	}
}

// press types a key: "F10", "Enter".
func (p *panel) press(key string, code int64) {
	p.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{"rawKeyDown", "keyUp"} {
		params := input.DispatchKeyEventParams{Type: kind, Key: key, Code: key, WindowsVirtualKeyCode: code}
		if kind == "rawKeyDown" && key == "Enter" {
			params.Type, params.Text = "keyDown", "\r"
		}
		if _, err := cdproto.Call(p.t.Context(), p.Session, input.DispatchKeyEvent, params); err != nil {
			p.t.Fatal(err)
		}
	}
}

// write puts text in where the caret is.
func (p *panel) write(text string) {
	p.t.Helper()
	if _, err := cdproto.Call(p.t.Context(), p.Session, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		p.t.Fatal(err)
	}
}

// picture is a screenshot of it, as PNG.
func (p *panel) picture() []byte {
	p.t.Helper()
	r, err := cdproto.Call(p.t.Context(), p.Session, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	if err != nil {
		p.t.Fatal(err)
	}
	return r.Data
}

// console is what the front end wrote to its own console so far: commands that the
// debuggee refused, above all.
func (p *panel) console() string {
	var out strings.Builder
	for {
		select {
		case e := <-p.said.C():
			var said struct {
				Args []struct {
					Value       any    `json:"value"`
					Description string `json:"description"`
				} `json:"args"`
				ExceptionDetails *runtime.ExceptionDetails `json:"exceptionDetails"`
			}
			if err := json.Unmarshal(e.Params, &said); err != nil {
				p.t.Fatal(err)
			}
			for _, a := range said.Args {
				fmt.Fprint(&out, a.Value, a.Description, " ")
			}
			if d := said.ExceptionDetails; d != nil && d.Exception != nil {
				fmt.Fprint(&out, "exception: ", d.Exception.Description)
			}
			fmt.Fprintln(&out)
		default:
			return out.String()
		}
	}
}
