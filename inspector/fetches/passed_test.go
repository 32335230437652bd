package fetches

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What a worker passed on unread has the body that its page got, whichever came first.
func TestPassedOn(t *testing.T) {
	const url = "https://a.test/x"
	inWorker := func(line string) string { return strings.Replace(line, "P ", "W ", 1) }
	response := func(id, more string) string {
		return strings.Replace(fmt.Sprintf(got, id, url, more), `"text/plain"`, `"text/plain","content-length":"5"`, 1)
	}
	bodies := []string{
		`W Network.getResponseBody {"requestId":"w"} => {"body":"","base64Encoded":false}`,
		`P Network.getResponseBody {"requestId":"p"} => {"body":"hello","base64Encoded":false}`,
	}
	for range 2 {
		slices.Reverse(bodies)
		l := NewLog(Options{})
		s := state(t)
		lines := []string{worker, fmt.Sprintf(asks, "p", url), inWorker(fmt.Sprintf(asks, "w", url)), inWorker(response("w", "")),
			response("p", `,"fromServiceWorker":true,"serviceWorkerResponseSource":"network"`), inWorker(fmt.Sprintf(ended, "w")), fmt.Sprintf(ended, "p")}
		for _, m := range wire(append(lines, bodies...)...) {
			l.Apply(m, s)
		}
		w := l.Get("w")
		if w == nil || w.Parent != "p" || w.ResponseBody != bodyOf([]byte("hello")) || !w.IsInferred("responseBody") {
			t.Errorf("%q first: %+v", bodies[0], w)
		}
	}
}
