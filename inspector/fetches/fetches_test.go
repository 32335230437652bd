package fetches

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"

	"github.com/swinspect/swinspect/inspector"
)

var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// wire makes messages: "TARGET METHOD JSON" each, a millisecond apart.
func wire(lines ...string) []inspector.Message {
	var ms []inspector.Message
	for i, line := range lines {
		parts := strings.SplitN(line, " ", 3)
		m := inspector.Message{
			Time: start.Add(time.Duration(i) * time.Millisecond), Kind: inspector.KindEvent, Instance: "i", Context: "c", Target: parts[0], Method: parts[1], Params: jsonv2.Value(parts[2]),
		}
		if before, result, reply := strings.Cut(parts[2], " => "); reply {
			m.Kind, m.Params, m.Result = inspector.KindReply, jsonv2.Value(before), jsonv2.Value(result)
		}
		ms = append(ms, m)
	}
	return ms
}

const (
	worker = `b Target.targetCreated {"targetInfo":{"targetId":"W","type":"service_worker","url":"https://a.test/sw.js"}}`
	asks   = `P Network.requestWillBeSent {"requestId":"%s","documentURL":"https://a.test/","timestamp":10,"wallTime":1795262400,"type":"Fetch","frameId":"F","request":{"url":"%s","method":"GET","headers":{}},"initiator":{"type":"script"}}`
	got    = `P Network.responseReceived {"requestId":"%s","timestamp":10.05,"type":"Fetch","response":{"url":"%s","status":200,"headers":{"content-type":"text/plain"},"mimeType":"text/plain"%s}}`
	ended  = `P Network.loadingFinished {"requestId":"%s","timestamp":10.1,"encodedDataLength":7}`
)

// state is one with a worker for https://a.test/ that controls the page P.
func state(t *testing.T) *inspector.State {
	t.Helper()
	s := new(inspector.State)
	for _, line := range []string{
		`ServiceWorker.workerRegistrationUpdated {"registrations":[{"registrationId":"0","scopeURL":"https://a.test/","isDeleted":false}]}`,
		`ServiceWorker.workerVersionUpdated {"versions":[{"versionId":"1","registrationId":"0","scriptURL":"https://a.test/sw.js","runningStatus":"running","status":"activated","controlledClients":["P"],"targetId":"W"}]}`,
	} {
		method, params, _ := strings.Cut(line, " ")
		s, _ = inspector.Apply(s, inspector.Message{Time: start, Kind: inspector.KindEvent, Instance: "i", Context: "c", Method: method, Params: jsonv2.Value(params)})
	}
	if len(s.Registrations) != 1 || s.Registrations[0].Active() == nil {
		t.Fatalf("no active registration: %+v", s.Registrations)
	}
	return s
}

func TestDecisions(t *testing.T) {
	const url = "https://a.test/x"
	timing := func(fields string) string { return `,"timing":{"requestTime":10.001,` + fields + `}` }
	none := timing(`"workerStart":-1,"workerReady":-1,"workerFetchStart":-1,"workerRespondWithSettled":-1`)
	tests := []struct {
		name, response string
		state          bool
		want           string // decision source cache route, inferred fields
	}{
		{"a synthetic response", `,"fromServiceWorker":true,"serviceWorkerResponseSource":"fallback-code"`, true, "responded worker   0"},
		{"from a cache", `,"fromServiceWorker":true,"serviceWorkerResponseSource":"cache-storage","cacheStorageCacheName":"v1"`, true, "responded cache v1 0"},
		{"passed through", `,"fromServiceWorker":true,"serviceWorkerResponseSource":"network"`, true, "responded network  0"},
		{"fell through", timing(`"workerStart":1,"workerReady":2,"workerFetchStart":-1,"workerRespondWithSettled":-1`), true, "fell-through network  0"},
		{"a route to the network", none + `,"serviceWorkerRouterInfo":{"ruleIdMatched":2,"matchedSourceType":"network","actualSourceType":"network"}`, true, "route-matched network  2"},
		{"a route to a cache", `,"fromServiceWorker":true,"cacheStorageCacheName":"r","serviceWorkerRouterInfo":{"ruleIdMatched":1,"matchedSourceType":"cache","actualSourceType":"cache"}`, true, "route-matched cache r 1"},
		{"no route matched", `,"fromServiceWorker":true,"serviceWorkerResponseSource":"network","serviceWorkerRouterInfo":{"ruleIdMatched":0}`, true, "responded network  0"},
		{"controlled, not dispatched", none, true, "no-fetch-handler network  0 decision"},
		{"nothing registered", none, false, "unknown network  0 decision"},
		{"the HTTP cache", none + `,"fromDiskCache":true`, false, "unknown http-cache  0 decision"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var s *inspector.State
			if tt.state {
				s = state(t)
			}
			l := NewLog(Options{})
			for _, m := range wire(worker, fmt.Sprintf(asks, "1", url), fmt.Sprintf(got, "1", url, tt.response), fmt.Sprintf(ended, "1")) {
				l.Apply(m, s)
			}
			f := l.Get("1")
			if f == nil {
				t.Fatal("no row")
			}
			words := strings.TrimSpace(fmt.Sprintf("%s %s %s %d %s", f.Decision, f.Source, f.CacheName, f.Route, strings.TrimLeft(strings.TrimPrefix(strings.Join(f.Inferred, ","), "mode,credentials,redirect"), ",")))
			if strings.Join(strings.Fields(words), " ") != strings.Join(strings.Fields(tt.want), " ") {
				t.Errorf("%q, want %q", words, tt.want)
			}
			if !f.Done || f.Status != 200 || f.Timing.Response != 50*time.Millisecond || f.ResponseBody.Size != 7 {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestWorkersRequestsHaveParents(t *testing.T) {
	s := state(t)
	l := NewLog(Options{})
	for _, m := range wire(worker,
		fmt.Sprintf(asks, "p1", "https://a.test/one"),
		fmt.Sprintf(asks, "p2", "https://a.test/two"),
		strings.Replace(fmt.Sprintf(asks, "w1", "https://a.test/two"), "P ", "W ", 1),
		strings.Replace(fmt.Sprintf(asks, "w2", "https://a.test/other"), "P ", "W ", 1),
		fmt.Sprintf(got, "p2", "https://a.test/two", `,"fromServiceWorker":true`),
		strings.Replace(fmt.Sprintf(asks, "w3", "https://a.test/third"), "P ", "W ", 1),
	) {
		l.Apply(m, s)
	}
	for id, parent := range map[string]string{"w1": "p2", "w2": "", "w3": "p1"} {
		f := l.Get(id)
		if f == nil || f.Kind != KindWorker || f.Parent != parent || (parent != "") != f.IsInferred("parent") {
			t.Errorf("%s: %+v, want parent %q", id, f, parent)
		}
	}
}

func TestRedirectsAndFailures(t *testing.T) {
	l := NewLog(Options{})
	hop := `P Network.requestWillBeSent {"requestId":"r","documentURL":"https://a.test/","timestamp":10.02,"type":"Document","frameId":"P","redirectResponse":{"url":"https://a.test/a","status":302,"headers":{"location":"/b"}},"request":{"url":"https://a.test/b","method":"GET","headers":{}}}`
	for _, m := range wire(
		`P Network.requestWillBeSentExtraInfo {"requestId":"r","headers":{"Cookie":"a=1"}}`,
		`P Network.requestWillBeSent {"requestId":"r","documentURL":"https://a.test/a","timestamp":10,"type":"Document","frameId":"P","request":{"url":"https://a.test/a","method":"GET","headers":{}}}`,
		hop,
		`P Network.loadingFailed {"requestId":"r","timestamp":10.3,"errorText":"net::ERR_FAILED"}`,
	) {
		l.Apply(m, nil)
	}
	first, second := l.Get("r"), l.Get("r:1")
	if first == nil || first.Status != 302 || !first.Done || len(first.RequestHeaders) != 1 {
		t.Errorf("first hop %+v", first)
	}
	if second == nil || second.RedirectedFrom != "r" || second.Error != "net::ERR_FAILED" || second.Decision != NotControlled || second.Kind != KindNavigation {
		t.Errorf("second hop %+v", second)
	}
}

func TestEngineTellsItsSteps(t *testing.T) {
	traced := `P SWInspect.traced {"steps":[
		{"seq":5,"timestamp":1,"algorithm":"Handle Fetch","step":"11","subject":"request:77","decision":"d","verdict":"controlled","details":{"url":"https://a.test/x","mode":"cors","client":"C","scope":"https://a.test/"}},
		{"seq":6,"timestamp":1,"algorithm":"Query Cache","parent":5,"decision":"miss","verdict":"cache-miss"},
		{"seq":7,"timestamp":1,"algorithm":"Fetch","parent":5,"decision":"f","verdict":"fetched","details":{"fetched":"GET https://a.test/real"}},
		{"seq":8,"timestamp":1,"algorithm":"Handle Fetch","step":"19","parent":5,"decision":"r","verdict":"responded"}]}`
	traced = strings.ReplaceAll(traced, "\n", " ")
	for _, order := range [][]string{
		{worker, fmt.Sprintf(asks, "AB.77", "https://a.test/x"), strings.Replace(fmt.Sprintf(asks, "W.1", "https://a.test/real"), "P ", "W ", 1), traced},
		{worker, traced, fmt.Sprintf(asks, "AB.77", "https://a.test/x")},
	} {
		l := NewLog(Options{})
		for _, m := range wire(order...) {
			l.Apply(m, nil)
		}
		f := l.Get("AB.77")
		if f == nil || len(f.Steps) != 4 || f.Decision != Responded || f.Client != "C" || f.Mode != "cors" || f.Scope != "https://a.test/" || f.IsInferred("mode") || f.IsInferred("decision") {
			t.Errorf("%+v", f)
		}
		if sub := l.Get("W.1"); sub != nil && (sub.Parent != "AB.77" || sub.IsInferred("parent")) {
			t.Errorf("sub-request %+v", sub)
		}
	}
}

func TestRecorderTellsEvents(t *testing.T) {
	l := NewLog(Options{})
	tell := func(e Event) string {
		payload, _ := json.Marshal(e)
		params, _ := json.Marshal(map[string]string{"name": Binding, "payload": string(payload)})
		return "W Runtime.bindingCalled " + string(params)
	}
	for _, m := range wire(worker, fmt.Sprintf(asks, "p", "https://a.test/x"),
		tell(Event{Type: "event", ID: "1", URL: "https://a.test/x", Method: "GET", Mode: "cors", ClientID: "C"}),
		tell(Event{Type: "cache", ID: "1", Operation: "match", Cache: "v1", URL: "https://a.test/x"}),
		strings.Replace(fmt.Sprintf(asks, "w", "https://a.test/real"), "P ", "W ", 1),
		tell(Event{Type: "fetch", ID: "1", URL: "https://a.test/real", Method: "GET"}),
		tell(Event{Type: "respond", ID: "1", Status: 200}),
		tell(Event{Type: "event", ID: "2", URL: "https://a.test/unseen", Method: "GET", Mode: "navigate"}),
		tell(Event{Type: "over", ID: "2", Error: "Error: at once"}),
		// The event before its request, and the announcement before the worker's.
		tell(Event{Type: "event", ID: "3", URL: "https://a.test/early", Method: "GET", Mode: "same-origin", Credentials: "omit"}),
		tell(Event{Type: "fetch", ID: "3", URL: "https://a.test/sub", Method: "GET"}),
		strings.Replace(fmt.Sprintf(asks, "s", "https://a.test/sub"), "P ", "W ", 1),
		fmt.Sprintf(asks, "e", "https://a.test/early"),
		tell(Event{Type: "respond", ID: "3", Status: 200}),
	) {
		l.Apply(m, nil)
	}
	if early := l.Get("e"); early == nil || early.Mode != "same-origin" || early.Credentials != "omit" || early.IsInferred("mode") || early.Decision != Responded || early.Target != "P" {
		t.Errorf("an event before its request: %+v", early)
	}
	if s := l.Get("s"); s == nil || s.Parent != "e" || s.IsInferred("parent") {
		t.Errorf("a request of that event: %+v", s)
	}
	if rows, _ := l.Len(); rows != 5 {
		t.Errorf("%d rows", rows)
	}
	f, sub := l.Get("p"), l.Get("w")
	if f == nil || f.Decision != Responded || f.Mode != "cors" || f.Client != "C" || len(f.Steps) != 4 {
		t.Errorf("%+v", f)
	}
	if sub == nil || sub.Parent != "p" || sub.IsInferred("parent") {
		t.Errorf("sub-request %+v", sub)
	}
	if unseen := l.Get("event:W:2"); unseen == nil || unseen.Decision != FellThrough || unseen.Kind != KindNavigation || !strings.Contains(unseen.Steps[len(unseen.Steps)-1].Decision, "threw before it called respondWith(): Error: at once") {
		t.Errorf("an event of a client that nobody watches: %+v", unseen)
	}
}

func TestBodies(t *testing.T) {
	l := NewLog(Options{})
	for _, m := range wire(fmt.Sprintf(asks, "1", "https://a.test/x"), fmt.Sprintf(got, "1", "https://a.test/x", ""), fmt.Sprintf(ended, "1"),
		`P Network.getResponseBody {"requestId":"1"} => {"body":"aGVsbG8=","base64Encoded":true}`,
		`P Network.getRequestPostData {"requestId":"1"} => {"bodyHash":"sha256:00","size":3}`,
	) {
		l.Apply(m, nil)
	}
	f := l.Get("1")
	if f.ResponseBody != (Body{Hash: Hash([]byte("hello")), Size: 5}) || f.RequestBody != (Body{Hash: "sha256:00", Size: 3}) {
		t.Errorf("%+v", f)
	}
}

func TestRows(t *testing.T) {
	l := NewLog(Options{})
	for i := range 30 {
		id, url := fmt.Sprint(i), fmt.Sprintf("https://a.test/%d", 100-i)
		for _, m := range wire(fmt.Sprintf(asks, id, url), fmt.Sprintf(got, id, url, `,"fromServiceWorker":true,"serviceWorkerResponseSource":"cache-storage","cacheStorageCacheName":"v`+fmt.Sprint(i%3)+`"`)) {
			l.Apply(m, nil)
		}
	}
	for _, tt := range []struct {
		query, sort       string
		from, n, matching int
		first             string
	}{
		{"", "", 0, 10, 30, "0"}, {"", "-time", 0, 10, 30, "29"}, {"", "url", 1, 1, 30, "29"}, {"cache:v1 is:intercepted", "", 0, 100, 10, "1"},
		{"source:network", "", 0, 10, 0, ""}, {"-cache:v1 decision:responded", "", 3, 10, 20, "5"}, {"status:>=200", "", 100, 10, 30, ""},
	} {
		rows, matching, total, err := l.Rows(context.Background(), tt.query, tt.sort, tt.from, tt.n)
		first := ""
		if len(rows) > 0 {
			first = rows[0].ID
		}
		if err != nil || matching != tt.matching || total != 30 || first != tt.first {
			t.Errorf("%+v: %d of %d, first %q, %v", tt, matching, total, first, err)
		}
	}
	for _, bad := range [][2]string{{"nosuch:1", ""}, {"", "nosuch"}} {
		if _, _, _, err := l.Rows(context.Background(), bad[0], bad[1], 0, 1); err == nil {
			t.Errorf("no error for %q", bad)
		}
	}
	for _, key := range Keys {
		_ = l.All()[0].Field(key) // every key is known to Field
	}
}

func TestLimit(t *testing.T) {
	l := NewLog(Options{Limit: 100})
	for i := range 1000 {
		for _, m := range wire(fmt.Sprintf(asks, fmt.Sprint(i), "https://a.test/x")) {
			l.Apply(m, nil)
		}
	}
	rows, dropped := l.Len()
	all := l.All()
	if rows+dropped != 1000 || rows > 100 || all[len(all)-1].Seq != 1000 || l.Get("999") == nil || l.Get("0") != nil {
		t.Errorf("%d rows, %d dropped, last %+v", rows, dropped, all[len(all)-1])
	}
	if !slices.IsSortedFunc(all, func(a, b *Fetch) int { return int(a.Seq) - int(b.Seq) }) {
		t.Error("not in order")
	}
}

func FuzzApply(f *testing.F) {
	for _, line := range []string{worker, fmt.Sprintf(asks, "1", "https://a.test/x"), fmt.Sprintf(got, "1", "https://a.test/x", ""), fmt.Sprintf(ended, "1")} {
		parts := strings.SplitN(line, " ", 3)
		f.Add(parts[1], parts[2])
	}
	f.Fuzz(func(t *testing.T, method, params string) {
		l := NewLog(Options{Limit: 10})
		for range 3 {
			l.Apply(inspector.Message{Kind: inspector.KindEvent, Method: method, Params: jsonv2.Value(params)}, nil)
			l.Apply(inspector.Message{Kind: inspector.KindReply, Method: method, Params: jsonv2.Value(params), Result: jsonv2.Value(params)}, nil)
		}
		for _, r := range l.All() {
			for _, key := range Keys {
				_ = r.Field(key)
			}
		}
	})
}

func BenchmarkApply(b *testing.B) {
	ms := wire(fmt.Sprintf(asks, "1", "https://a.test/x"), fmt.Sprintf(got, "1", "https://a.test/x", ""), fmt.Sprintf(ended, "1"))
	l := NewLog(Options{Limit: 100_000})
	for b.Loop() {
		for _, m := range ms {
			l.Apply(m, nil)
		}
	}
}
