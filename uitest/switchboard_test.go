package uitest

import (
	"context"
	"testing"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

// switchboard starts and stops workers of the default context over a connection
// that swinspect does not have, and says when the event came that shows it.
type switchboard struct {
	session  *cdp.Session
	events   *cdp.Subscription
	scopes   map[serviceworker.RegistrationID]string
	versions map[string]string        // active version by scope
	statuses map[string]runningStatus // by version id
}

// runningStatus is a running status, and when the event of it came.
type runningStatus struct {
	status string
	since  time.Time
}

func newSwitchboard(t testing.TB, browser *drive.Chromium) *switchboard {
	t.Helper()
	ctx, conn := context.Background(), browser.Conn()
	made, err := cdproto.Call(ctx, conn.Root(), target.CreateTarget, target.CreateTargetParams{URL: "about:blank", Hidden: new(true)})
	if err != nil {
		t.Fatal(err)
	}
	s, err := conn.Attach(ctx, made.TargetID)
	if err != nil {
		t.Fatal(err)
	}
	b := &switchboard{session: s, scopes: map[serviceworker.RegistrationID]string{}, versions: map[string]string{}, statuses: map[string]runningStatus{}}
	b.events = s.Listen(1<<12, serviceworker.WorkerRegistrationUpdated.Method, serviceworker.WorkerVersionUpdated.Method)
	t.Cleanup(b.events.Close)
	if _, err := cdproto.Call(ctx, s, serviceworker.Enable, cdproto.Empty{}); err != nil {
		t.Fatal(err)
	}
	return b
}

// set makes the worker of a scope "running" or "stopped" and gives the time, in
// ms since 1970, at which the event came that says so: an earlier one when it is
// so already.
func (s *switchboard) set(t testing.TB, scope, running string) float64 {
	t.Helper()
	s.await(t, func() bool { return s.versions[scope] != "" })
	version := s.versions[scope]
	is := func() bool { return s.statuses[version].status == running }
	s.drain(t)
	if !is() {
		var err error
		if running == "running" {
			_, err = cdproto.Call(context.Background(), s.session, serviceworker.StartWorker, serviceworker.StartWorkerParams{ScopeURL: scope})
		} else {
			_, err = cdproto.Call(context.Background(), s.session, serviceworker.StopWorker, serviceworker.StopWorkerParams{VersionID: version})
		}
		if err != nil {
			t.Fatal(err)
		}
		s.await(t, is)
	}
	return float64(s.statuses[version].since.UnixMicro()) / 1000
}

// drain takes the events that are there already.
func (s *switchboard) drain(t testing.TB) {
	t.Helper()
	for {
		select {
		case e, ok := <-s.events.C():
			if !ok {
				t.Fatal(s.events.Err())
			}
			s.take(t, e)
		default:
			return
		}
	}
}

// await takes events until done says so.
func (s *switchboard) await(t testing.TB, done func() bool) {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for !done() {
		select {
		case e, ok := <-s.events.C():
			if !ok {
				t.Fatal(s.events.Err())
			}
			s.take(t, e)
		case <-timeout:
			t.Fatal("the event that shows it did not come within 10 s")
		}
	}
}

func (s *switchboard) take(t testing.TB, e cdp.Event) {
	t.Helper()
	var p struct {
		Registrations []*serviceworker.Registration `json:"registrations"`
		Versions      []*serviceworker.Version      `json:"versions"`
	}
	if err := cdp.Decode(e.Params, &p); err != nil {
		t.Fatal(err)
	}
	for _, r := range p.Registrations {
		s.scopes[r.RegistrationID] = r.ScopeURL
	}
	for _, v := range p.Versions {
		if v.Status == serviceworker.VersionStatusActivated {
			s.versions[s.scopes[v.RegistrationID]] = v.VersionID
		}
		if status := string(v.RunningStatus); s.statuses[v.VersionID].status != status {
			s.statuses[v.VersionID] = runningStatus{status, e.Time}
		}
	}
}
