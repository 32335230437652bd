package window

import (
	"strings"
	"testing"
)

// TestEval: direct evals see the variables of their caller, all others the window's;
// text that is nested too deeply is a SyntaxError in each.
func TestEval(t *testing.T) {
	b := open(t, files{"/": "<!doctype html><script>var v = 'window'; let l = 'lexical'</script>"})
	p := b.page("/")
	for source, want := range map[string]string{
		`(function () { var v = 'local'; return eval('v + l') })()`:          "locallexical",
		`(function () { var v = 'local'; return (0, eval)('v + l') })()`:     "windowlexical",
		`(function () { var v = 'local'; return window.eval('v + l') })()`:   "windowlexical",
		`(function () { var v = 'local'; const e = eval; return e('v') })()`: "window",
		`(function () { eval('var inner = 1'); return String(inner) })()`:    "1",
		`(function () { var v = 'local'; return eval('eval("v")') })()`:      "local",
		`Function('return v')()`:                                            "window",
		`try { eval('('.repeat(2e6)) } catch (e) { e.name }`:                "SyntaxError",
		`try { (0, eval)('['.repeat(2e6)) } catch (e) { e.name }`:           "SyntaxError",
		`try { window.eval('!'.repeat(2e6)) } catch (e) { e.name }`:         "SyntaxError",
		`try { eval('eval("(".repeat(2e6))') } catch (e) { e.name }`:        "SyntaxError",
		`try { Function('('.repeat(2e6)) } catch (e) { e.name }`:            "SyntaxError",
		`try { Function('eval("(".repeat(2e6))')() } catch (e) { e.name }`:  "SyntaxError",
		`try { (()=>0).constructor('('.repeat(2e6)) } catch (e) { e.name }`: "SyntaxError",
		`const f = document.createElement('iframe'); document.body.append(f); try { f.contentWindow.eval('('.repeat(2e6)) } catch (e) { e.name }`: "SyntaxError",
	} {
		if got := b.eval(p, source); strings.Trim(got, `"`) != want {
			t.Errorf("%s: got %s, want %s", source, got, want)
		}
	}
}
