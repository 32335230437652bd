package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/internal/testsite"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

// state is the registration of a scope as `ls` tells it.
func state(t *testing.T, at, scope string) registrationView {
	t.Helper()
	for _, r := range decode[[]registrationView](t, call(t, "ls", "--attach", at, "--json").want(t, exitOK)) {
		if r.Scope == scope {
			return r
		}
	}
	return registrationView{}
}

// listed is what `ls` lists once it lists n: a frame registers after its page is
// ready.
func listed(t *testing.T, at string, n int) []registrationView {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		rs := decode[[]registrationView](t, call(t, "ls", "--attach", at, "--json").want(t, exitOK))
		if len(rs) == n {
			return rs
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d registrations, want %d: %+v", len(rs), n, rs)
		}
	}
}

// statuses are the statuses of a registration's versions, sorted.
func (v registrationView) statuses() string {
	var all []string
	for _, version := range v.Versions {
		if version.Status != "redundant" {
			all = append(all, version.Status)
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func receipt(t *testing.T, r result) receiptView {
	t.Helper()
	v := decode[receiptView](t, r)
	if v.Action == "" || v.Subject == "" || v.SentAt.IsZero() {
		t.Errorf("incomplete receipt %+v", v)
	}
	return v
}

// update finds a new version, skip-waiting exits 0 only after it is active, and
// neither does anything when there is nothing to do.
func TestUpdateAndSkipWaiting(t *testing.T) {
	site, browser := testsite.Start(t), drive.Start(t)
	at, scope := browser.Endpoint(), site.Scope(0, "simple")
	page := browser.Open(t, site.URL(0, "simple"))
	page.Reload(t)

	call(t, "skip-waiting", "/simple/", "--attach", at, "--timeout", "2s").want(t, exitNo, scope)
	site.Bump("simple")
	if v := receipt(t, call(t, "update", "/simple/", "--attach", at, "--json").want(t, exitOK)); v.Outcome != "confirmed" || v.Scope != scope {
		t.Errorf("update: %+v", v)
	}
	page.Eval(t, "navigator.serviceWorker.getRegistration().then(async r => { while (!r.waiting) await new Promise(f => setTimeout(f, 20)) })")
	if got := state(t, at, scope).statuses(); got != "activated installed" {
		t.Fatalf("versions are %q, want one waiting", got)
	}
	v := receipt(t, call(t, "skip-waiting", scope, "--attach", at, "--json").want(t, exitOK))
	// The very next look finds it active: the exit came after, not before.
	if got := page.Eval(t, "navigator.serviceWorker.getRegistration().then(r => String(r.waiting) + ' ' + r.active.state)"); got != "null activated" {
		t.Errorf("skip-waiting exited 0 (%+v) but the page says %s", v, got)
	}
	if v.Outcome != "confirmed" || v.Detail == "" || v.EndedAt == nil {
		t.Errorf("skip-waiting: %+v", v)
	}
	if got := page.Eval(t, "fetch('/simple/synth').then(r => r.text())"); got != "synth 2" {
		t.Errorf("the page is answered %q, want version 2", got)
	}
}

// skip-waiting on a scope that does not exist names it, and sends nothing.
func TestSkipWaitingOfNothing(t *testing.T) {
	browser := drive.Start(t)
	r := call(t, "skip-waiting", "https://nobody.example/shop/", "--attach", browser.Endpoint()).want(t, exitNo, "https://nobody.example/shop/")
	if r.out != "" {
		t.Errorf("standard output: %q", r.out)
	}
}

// start, stop, stop-all and unregister are proved by the state.
func TestRunAndUnregister(t *testing.T) {
	site, browser := testsite.Start(t), drive.Start(t)
	at := browser.Endpoint()
	browser.Open(t, site.URL(0, "simple"))
	browser.Open(t, site.URL(1, "claim"))
	running := func(n int, fixture string) string {
		v := state(t, at, site.Scope(n, fixture))
		if len(v.Versions) == 0 {
			return "none"
		}
		return v.Versions[len(v.Versions)-1].Running
	}
	call(t, "stop", "/simple/", "--attach", at).want(t, exitOK)
	if got := running(0, "simple"); got != "stopped" {
		t.Errorf("after stop it is %s", got)
	}
	call(t, "start", "/simple/", "--attach", at).want(t, exitOK)
	if got := running(0, "simple"); got != "running" {
		t.Errorf("after start it is %s", got)
	}
	call(t, "stop-all", "--attach", at).want(t, exitOK)
	if a, b := running(0, "simple"), running(1, "claim"); a != "stopped" || b != "stopped" {
		t.Errorf("after stop-all: %s, %s", a, b)
	}
	text := call(t, "unregister", "/claim/", "--attach", at).want(t, exitOK).out
	if !strings.Contains(text, "confirmed") {
		t.Errorf("unregister says %q", text)
	}
	if got := state(t, at, site.Scope(1, "claim")); got.Scope != "" {
		t.Errorf("unregistered, but ls has %+v", got)
	}
	call(t, "unregister", "/claim/", "--attach", at).want(t, exitNo, "/claim/")
}

// push, sync and periodic-sync reach the worker with what they carry.
func TestEvents(t *testing.T) {
	site, browser := testsite.Start(t), drive.Start(t)
	at := browser.Endpoint()
	page := browser.Open(t, site.URL(0, "simple"))
	page.Reload(t)
	file := filepath.Join(t.TempDir(), "payload")
	if err := os.WriteFile(file, []byte("from a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	call(t, "push", "/simple/", `{"title":"hello"}`, "--attach", at).want(t, exitOK)
	call(t, "push", "/simple/", "--data-file", file, "--attach", at).want(t, exitOK)
	callWith(t, nil, "from a pipe", "push", "/simple/", "--data-file", "-", "--attach", at).want(t, exitOK)
	call(t, "push", "/simple/", "--base64", base64.StdEncoding.EncodeToString([]byte("as base64")), "--attach", at).want(t, exitOK)
	call(t, "push", "/simple/", "--base64", base64.StdEncoding.EncodeToString([]byte{0xff, 0xfe}), "--attach", at).want(t, exitNo, "UTF-8")
	call(t, "sync", "/simple/", "outbox", "--attach", at).want(t, exitOK)
	call(t, "periodic-sync", "/simple/", "news", "--attach", at).want(t, exitOK)
	want := `[["push","{\"title\":\"hello\"}"],["push","from a file"],["push","from a pipe"],["push","as base64"],["sync","outbox"],["periodicsync","news"]]`
	if got := page.Eval(t, "fetch('/simple/seen').then(r => r.text())"); got != want {
		t.Errorf("the worker saw %s\nwant %s", got, want)
	}
}

// An action on a partitioned registration does not touch its first-party twin.
func TestPartitioned(t *testing.T) {
	site, browser := testsite.Start(t), drive.Start(t)
	at := browser.Endpoint()
	browser.Open(t, strings.Replace(site.URL(0, "frame"), site.Origin(0), site.OtherSite(), 1))
	browser.Open(t, site.URL(0, "partitioned"))
	var twin, partitioned registrationView
	// Which of them is partitioned shows once its worker has run.
	for deadline := time.Now().Add(10 * time.Second); partitioned.ID == "" && time.Now().Before(deadline); {
		for _, r := range listed(t, at, 2) {
			if r.Partitioned {
				partitioned = r
			} else {
				twin = r
			}
		}
	}
	if partitioned.ID == "" || twin.ID == "" || partitioned.Scope != twin.Scope {
		t.Fatalf("no twins: %+v, %+v", partitioned, twin)
	}
	call(t, "unregister", partitioned.ID, "--attach", at).want(t, exitOK)
	rs := decode[[]registrationView](t, call(t, "ls", "--attach", at, "--json").want(t, exitOK))
	if len(rs) != 1 || rs[0].Partitioned || rs[0].Registration != twin.Registration {
		t.Errorf("left: %+v, want the first-party twin", rs)
	}
}

// A worker that installs for longer than --timeout allows is no success.
func TestNoEffectInTime(t *testing.T) {
	site, browser := testsite.Start(t), drive.Start(t)
	at := browser.Endpoint()
	browser.OpenAny(t, "", site.URL(0, "slow?install=0&activate=20000"))
	deadline := time.Now().Add(10 * time.Second)
	for state(t, at, site.Scope(0, "slow")).statuses() != "activating" {
		if time.Now().After(deadline) {
			t.Fatalf("never activating: %+v", state(t, at, site.Scope(0, "slow")))
		}
		time.Sleep(50 * time.Millisecond)
	}
	r := call(t, "skip-waiting", "/slow/", "--attach", at, "--timeout", "1s").want(t, exitNo, "/slow/")
	if strings.Contains(r.out, "confirmed") {
		t.Errorf("it says %q", r.out)
	}
}
