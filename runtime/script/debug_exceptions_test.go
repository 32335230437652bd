package script

import (
	"strings"
	"testing"
	"time"
)

func TestExceptions(t *testing.T) {
	source := `function thrower(m) {
  let local = m + '!'
  throw new TypeError(local)
}
function broken(o) {
  let before = 1
  return o.x.y + before
}
function caught(f) {
  try { f({}) } catch { }
}
async function later(f) {
  await null
  f({})
}
async function handled(f) { try { await later(f) } catch (e) { } }
`
	for _, c := range []struct {
		call, mode string
		want       string
	}{
		{"caught(thrower)", "uncaught", "-"},
		{"caught(broken)", "uncaught", "-"},
		{"thrower('u')", "uncaught", "thrower:3 :17 uncaught [local{m=u local=u!}]"},
		{"broken({})", "uncaught", "broken:7 :17 uncaught [local{o=#<Object> before=1}]"},
		{"later(thrower)", "uncaught", "thrower:3 later:14 uncaught rejection [local{m=#<Object> local=[object Object]!}]"},
		{"later(broken).catch(() => {})", "uncaught", "-"},
		{"Promise.reject(new Error('r'))", "uncaught", ":17 uncaught rejection []"},
		{"null.x", "none", "-"},
		{"caught(thrower)", "caught", "thrower:3 caught:10 :17 [local{m=#<Object> local=[object Object]!}]"},
		{"caught(broken)", "all", "broken:7 caught:10 :17 [local{o=#<Object> before=1}]"},
		{"thrower('u')", "caught", "-"},
		{"handled(broken)", "all", "broken:7 later:14 rejection [local{o=#<Object> before=1}]"},
		{"handled(thrower)", "caught", "thrower:3 later:14 rejection [local{m=#<Object> local=[object Object]!}]"},
		{"[1].map(() => broken(null))", "all", "broken:7 :17 :17 uncaught [local{o=null before=1}]"},
	} {
		t.Run(c.mode+" "+c.call, func(t *testing.T) {
			x := newDebuggee(t, Options{})
			x.d.PauseOnExceptions(ExceptionMode(c.mode))
			x.run(source + c.call)
			got := "-"
			for done := false; !done; {
				select {
				case p := <-x.pauses:
					s := strings.Split(at(p), " -- ")[0]
					if p.Uncaught {
						s += " uncaught"
					}
					if p.Rejection {
						s += " rejection"
					}
					s += " [" + strings.SplitAfter(x.values(p.Frames[0])+" ", "} ")[0]
					if got != "-" {
						t.Errorf("paused again: %s", s)
					}
					got = strings.TrimSpace(s) + "]"
					must(t, x.d.Resume())
				case <-x.ran:
					done = true
				case <-time.After(5 * time.Second):
					t.Fatal("the script does not end")
				}
			}
			// Promise jobs run before the task's end is told of.
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
