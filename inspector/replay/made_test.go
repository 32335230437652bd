package replay

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/recording"
)

// made is a recording that a test writes message by message: the requests of one page
// that a worker controls.
type made struct {
	t       testing.TB
	w       *recording.Writer
	now     time.Time
	n       int
	version int
}

const madeOrigin = "https://shop.example"

// exchange is a request of the page and what it was answered.
type exchange struct {
	path, method string
	navigation   bool
	headers      map[string]string
	sent         string

	status   int
	reply    map[string]string
	body     string
	bodyless bool
	source   string // cache-storage, network, fallback-code; "": fell through
	cache    string
	failed   string // error text
	inWorker bool   // a request of the worker's
}

// newMade begins a recording with a worker that has script, and caches with the paths
// in them.
func newMade(t testing.TB, mode recording.Mode, script string, caches map[string]map[string]string) *made {
	t.Helper()
	m := &made{t: t, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	path := filepath.Join(t.TempDir(), "made.swrec")
	w, err := recording.Create(path, recording.Meta{Mode: mode, Browser: "Chrome/156.0", Began: m.now}, recording.Options{KeepSecrets: true})
	m.must(err)
	m.w = w
	m.note(recording.NoteRecording{Mode: mode, Target: madeOrigin, Began: m.now})
	m.note(inspector.NoteAttached{Endpoint: "localhost:9222", Product: "Chrome/156.0"})
	m.note(inspector.NoteContexts{Contexts: []inspector.NoteContext{{ID: "c1", Default: true}}})
	m.event("", "Target.targetCreated", fmt.Sprintf(`{"targetInfo":{"targetId":"P","type":"page","url":"%s/","title":"","attached":false,"browserContextId":"c1"}}`, madeOrigin))
	m.event("", "Target.targetCreated", fmt.Sprintf(`{"targetInfo":{"targetId":"W","type":"service_worker","url":"%s/sw.js","title":"","attached":false,"browserContextId":"c1"}}`, madeOrigin))
	m.event("", "ServiceWorker.workerRegistrationUpdated", fmt.Sprintf(`{"registrations":[{"registrationId":"7","scopeURL":"%s/","isDeleted":false}]}`, madeOrigin))
	m.activate(script)
	for name, entries := range caches {
		n := recording.NoteCacheSnapshot{StorageKey: madeOrigin + "/", Cache: name}
		for path, body := range entries {
			hash, err := w.Body([]byte(body))
			m.must(err)
			n.Entries = append(n.Entries, recording.SnapshotEntry{
				Method: "GET", URL: madeOrigin + path, Status: 200, StatusText: "OK", ResponseType: "basic", BodyHash: hash, Size: int64(len(body)),
				ResponseHeaders: []inspector.Header{{Name: "Content-Type", Value: "text/plain"}}, ResponseTime: m.now.Add(-time.Minute),
			})
		}
		m.note(n)
	}
	m.now = m.now.Add(10 * time.Second)
	return m
}

// activate is another version with its script.
func (m *made) activate(script string) {
	id := fmt.Sprint(m.version)
	m.version++
	hash, err := m.w.Body([]byte(script))
	m.must(err)
	m.event("", "ServiceWorker.workerVersionUpdated", fmt.Sprintf(
		`{"versions":[{"versionId":%q,"registrationId":"7","scriptURL":"%s/sw.js","runningStatus":"running","status":"activated","targetId":"W","controlledClients":["P"]}]}`, id, madeOrigin))
	m.note(recording.NoteScript{
		Registration: inspector.RegistrationKey{Instance: "b1", Context: "c1", ID: "7"}, Scope: madeOrigin + "/", Version: id, ScriptURL: madeOrigin + "/sw.js", BodyHash: hash,
	})
}

func (m *made) must(err error) {
	if err != nil {
		m.t.Helper()
		m.t.Fatal(err)
	}
}

func (m *made) note(n inspector.Note) { m.must(m.w.Write(inspector.NewNote(m.now, "b1", "c1", n))) }

func (m *made) event(target, method, params string) {
	m.must(m.w.Write(inspector.Message{Time: m.now, Kind: inspector.KindEvent, Instance: "b1", Context: "c1", Target: target, Method: method, Params: []byte(params)}))
}

// add writes a request with its answer, a tenth of a second after the one before.
func (m *made) add(e exchange) string {
	m.n++
	m.now = m.now.Add(100 * time.Millisecond)
	id := fmt.Sprintf("r%d", m.n)
	target, kind := "P", "Fetch"
	if e.inWorker {
		target = "W"
	}
	if e.navigation {
		kind = "Document"
	}
	if e.method == "" {
		e.method = "GET"
	}
	request := map[string]any{"url": madeOrigin + e.path, "method": e.method, "headers": e.headers}
	if e.sent != "" {
		request["postData"], request["hasPostData"] = e.sent, true
	}
	at := float64(m.now.UnixMicro()) / 1e6
	m.event(target, "Network.requestWillBeSent", text(map[string]any{
		"requestId": id, "documentURL": madeOrigin + "/", "request": request, "timestamp": at, "wallTime": at, "type": kind, "frameId": "P", "initiator": map[string]any{"type": "script"},
	}))
	m.now = m.now.Add(5 * time.Millisecond)
	at = float64(m.now.UnixMicro()) / 1e6
	if e.failed != "" {
		m.event(target, "Network.loadingFailed", text(map[string]any{"requestId": id, "timestamp": at, "errorText": e.failed, "type": kind}))
		return id
	}
	response := map[string]any{
		"url": madeOrigin + e.path, "status": e.status, "statusText": "OK", "headers": e.reply, "mimeType": "text/plain", "fromServiceWorker": e.source != "" && !e.inWorker,
		"timing": map[string]any{"requestTime": at - 0.004, "workerStart": 1, "workerReady": 1, "workerFetchStart": 1, "workerRespondWithSettled": 2},
	}
	if e.source != "" {
		response["serviceWorkerResponseSource"] = e.source
	}
	if e.cache != "" {
		response["cacheStorageCacheName"] = e.cache
	}
	m.event(target, "Network.responseReceived", text(map[string]any{"requestId": id, "timestamp": at, "type": kind, "frameId": "P", "response": response}))
	m.event(target, "Network.loadingFinished", text(map[string]any{"requestId": id, "timestamp": at, "encodedDataLength": len(e.body)}))
	if !e.bodyless {
		m.must(m.w.Write(inspector.Message{
			Time: m.now, Kind: inspector.KindReply, Instance: "b1", Context: "c1", Target: target, Method: "Network.getResponseBody",
			Params: []byte(fmt.Sprintf(`{"requestId":%q}`, id)), Result: []byte(text(map[string]any{"body": base64.StdEncoding.EncodeToString([]byte(e.body)), "base64Encoded": true})),
		}))
	}
	return id
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// done closes the recording and opens it.
func (m *made) done() *Recording {
	m.t.Helper()
	path := m.w.Path()
	m.must(m.w.Close())
	return open(m.t, path)
}
