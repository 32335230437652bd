package inspector

import (
	"fmt"
	"testing"
	"time"
)

// busyBrowser is what a browser with n registrations says while all of its
// workers start, stop and answer: 200 bytes to half a kilobyte a message.
func busyBrowser(n int) (setup, steady []Message) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	add := func(to *[]Message, m Message) {
		at = at.Add(time.Millisecond)
		m.Time, m.Instance, m.Context = at, browser1, context1
		*to = append(*to, m)
	}
	event := func(to *[]Message, method, format string, args ...any) {
		add(to, Message{Kind: KindEvent, Method: method, Params: []byte(fmt.Sprintf(format, args...))})
	}
	version := func(to *[]Message, i int, status, running, clients string) {
		event(to, "ServiceWorker.workerVersionUpdated",
			`{"versions":[{"versionId":"%d","registrationId":"%d","scriptURL":"https://shop-%d.example/app/sw.js","runningStatus":%q,"status":%q,"scriptLastModified":0,"scriptResponseTime":1767225600.123,"controlledClients":[%s],"targetId":"SW%d"}]}`,
			i, i, i%20, running, status, clients, i)
	}
	add(&setup, NewNote(at, browser1, "", NoteAttached{Product: "Chrome/156"}))
	add(&setup, NewNote(at, browser1, "", NoteContexts{Contexts: []NoteContext{{ID: context1, Default: true}}}))
	event(&setup, "ServiceWorker.workerRegistrationUpdated", `{"registrations":[]}`)
	event(&setup, "ServiceWorker.workerVersionUpdated", `{"versions":[]}`)
	for i := range n {
		event(&setup, "ServiceWorker.workerRegistrationUpdated", `{"registrations":[{"registrationId":"%d","scopeURL":"https://shop-%d.example/app/%d/","isDeleted":false}]}`, i, i%20, i)
		version(&setup, i, "new", "stopped", "")
		version(&setup, i, "activated", "running", "")
	}
	for i := range n {
		page := fmt.Sprintf("P%d", i)
		event(&steady, "Target.targetCreated", `{"targetInfo":{"targetId":%q,"type":"page","title":"Shop","url":"https://shop-%d.example/app/%d/","attached":false,"canAccessOpener":false,"browserContextId":%q}}`, page, i%20, i, context1)
		version(&steady, i, "activated", "running", `"`+page+`"`)
		version(&steady, i, "activated", "running", `"`+page+`"`)
		event(&steady, "Target.targetInfoChanged", `{"targetInfo":{"targetId":%q,"type":"page","title":"Shop, basket","url":"https://shop-%d.example/app/%d/basket","attached":false,"canAccessOpener":false,"browserContextId":%q}}`, page, i%20, i, context1)
		version(&steady, i, "activated", "stopping", `"`+page+`"`)
		version(&steady, i, "activated", "stopped", `"`+page+`"`)
		version(&steady, i, "activated", "starting", `"`+page+`"`)
		event(&steady, "ServiceWorker.workerRegistrationUpdated", `{"registrations":[{"registrationId":"%d","scopeURL":"https://shop-%d.example/app/%d/","isDeleted":false}]}`, i, i%20, i)
		version(&steady, i, "activated", "running", `"`+page+`"`)
		event(&steady, "Target.targetDestroyed", `{"targetId":%q}`, page)
	}
	return setup, steady
}

// BenchmarkFold folds what a browser with 200 registrations says; the goal is
// 100,000 messages a second.
func BenchmarkFold(b *testing.B) {
	for _, n := range []int{1, 50, 200, 1000} {
		b.Run(fmt.Sprintf("registrations=%d", n), func(b *testing.B) {
			setup, steady := busyBrowser(n)
			s := new(State)
			for _, m := range setup {
				s, _ = Apply(s, m)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				s, _ = Apply(s, steady[i%len(steady)])
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

// BenchmarkSnapshot folds a full list of 200 registrations in which nothing
// changed, as the watcher's refresh sends it.
func BenchmarkSnapshot(b *testing.B) {
	setup, _ := busyBrowser(200)
	s := new(State)
	regs, vers := `{"registrations":[`, `{"versions":[`
	for _, m := range setup {
		s, _ = Apply(s, m)
	}
	for i, r := range s.Registrations {
		if i > 0 {
			regs, vers = regs+",", vers+","
		}
		regs += fmt.Sprintf(`{"registrationId":%q,"scopeURL":%q,"isDeleted":false}`, r.Key.ID, r.Scope)
		vers += fmt.Sprintf(`{"versionId":%q,"registrationId":%q,"scriptURL":%q,"status":"activated","runningStatus":"running","controlledClients":[]}`, r.Versions[0].ID, r.Key.ID, r.Versions[0].ScriptURL)
	}
	m := NewNote(s.Time, browser1, context1, NoteSnapshot{Registrations: []byte(regs + "]}"), Versions: []byte(vers + "]}")})
	b.ReportAllocs()
	for b.Loop() {
		s, _ = Apply(s, m)
	}
}
