package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/internal/testsite"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

// ls lists every registration of every origin and context of a browser that
// swinspect did not start, and opens, navigates and keeps awake nothing.
func TestLs(t *testing.T) {
	site, browser := testsite.Start(t), drive.Start(t)
	at := browser.Endpoint()

	if rs := decode[[]registrationView](t, call(t, "ls", "--attach", at, "--json").want(t, exitOK)); len(rs) != 0 {
		t.Errorf("a new browser has %+v", rs)
	}
	call(t, "ls", "--attach", at).want(t, exitOK, "no service worker is registered")

	simple := browser.Open(t, site.URL(0, "simple"))
	browser.Open(t, site.URL(1, "simple"))
	incognito := browser.NewContext(t)
	browser.OpenIn(t, incognito, site.URL(0, "simple"))
	browser.Open(t, site.URL(0, "partitioned"))
	browser.Open(t, strings.Replace(site.URL(0, "frame"), site.Origin(0), site.OtherSite(), 1))
	listed(t, at, 5)
	before := targets(t, browser)

	rs := decode[[]registrationView](t, call(t, "ls", "--attach", "http://"+at, "--json").want(t, exitOK))
	type row struct{ scope, context, key string }
	var got []row
	for _, r := range rs {
		got = append(got, row{r.Scope, r.Context, r.StorageKey})
		if r.ScriptURL == "" || r.Origin == "" || len(r.Versions) == 0 || r.Versions[0].ID == "" || r.Versions[0].Status != "activated" || r.Versions[0].Running == "" {
			t.Errorf("incomplete: %+v", r)
		}
	}
	frame := site.OtherSite() + "/frame/"
	want := []row{
		{site.Scope(0, "simple"), "default", site.Origin(0) + "/"},
		{site.Scope(1, "simple"), "default", site.Origin(1) + "/"},
		{site.Scope(0, "simple"), "context 1", site.Origin(0) + "/"},
		{frame, "default", site.OtherSite() + "/^0http://localhost"},
		{frame, "default", site.OtherSite() + "/"},
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("missing %+v in %+v", w, got)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d registrations, want %d: %+v", len(got), len(want), got)
	}
	if after := targets(t, browser); !slices.Equal(before, after) {
		t.Errorf("targets before %v\nand after %v", before, after)
	}
	if got := simple.Eval(t, "performance.getEntriesByType('navigation').length + ' ' + document.visibilityState"); got != "1 visible" && got != "1 hidden" {
		t.Errorf("the page was touched: %s", got)
	}

	// Names: suffix, context, id; ambiguous and unknown ones are refused by name.
	call(t, "show", "/simple/", "--attach", at).want(t, exitUsage, "fits 3 registrations", site.Scope(1, "simple"))
	call(t, "show", site.Scope(0, "simple"), "--attach", at).want(t, exitUsage, "fits 2 registrations", "context 1")
	call(t, "show", site.Scope(0, "simple"), "--attach", at, "--context", "1").want(t, exitOK)
	call(t, "show", site.Scope(0, "simple"), "--attach", at, "--context", "galaxy").want(t, exitNo, "galaxy", "default")
	call(t, "show", frame, "--attach", at).want(t, exitUsage, "under http://localhost")
	for _, r := range rs {
		v := decode[registrationView](t, call(t, "show", r.ID, "--attach", at, "--json").want(t, exitOK))
		if v.Scope != r.Scope || v.StorageKey != r.StorageKey || len(v.Versions[0].History) == 0 {
			t.Errorf("show %s = %+v, want %s %s", r.ID, v, r.Scope, r.StorageKey)
		}
	}
	for _, command := range []string{"show", "skip-waiting", "update", "unregister", "start", "stop", "push", "sync", "periodic-sync"} {
		call(t, command, "/no/such/", "--attach", at).want(t, exitNo, `"/no/such/"`, site.Scope(1, "simple"))
	}
	if rs := decode[[]registrationView](t, call(t, "ls", "--attach", at, "--json", "--context", "context 1").want(t, exitOK)); len(rs) != 1 {
		t.Errorf("--context gives %d registrations, want 1", len(rs))
	}
	text := call(t, "ls", "--attach", at).want(t, exitOK).out
	if strings.Contains(text, "\x1b") || strings.Count(text, "\n") != len(want)+1 {
		t.Errorf("ls for people, without a terminal:\n%s", text)
	}
	r := call(t, "__complete", "show", "--attach", at, "").want(t, exitOK)
	if !strings.Contains(r.out, site.Scope(1, "simple")+"\t") {
		t.Errorf("SCOPE completes to %q", r.out)
	}
}

// targets are the targets of a browser but for workers, which may stop.
func targets(t *testing.T, b *drive.Chromium) []string {
	t.Helper()
	var all []string
	for _, info := range b.Targets(t) {
		if info.Type != "service_worker" {
			all = append(all, string(info.TargetID)+" "+string(info.Type)+" "+info.URL)
		}
	}
	slices.Sort(all)
	return all
}

// A browser full of hostile names prints no control characters.
func TestHostileText(t *testing.T) {
	site, browser := testsite.Start(t), drive.Start(t)
	browser.OpenAny(t, "", site.URL(0, "hostile")).State(t)
	at := browser.Endpoint()
	rs := decode[[]registrationView](t, call(t, "ls", "--attach", at, "--json").want(t, exitOK))
	if len(rs) != 1 {
		t.Fatalf("%d registrations, want the hostile one", len(rs))
	}
	for _, args := range [][]string{{"ls"}, {"show", rs[0].ID}, {"clients"}, {"cache", "ls", rs[0].ID}} {
		r := call(t, append(args, "--attach", at)...).want(t, exitOK)
		if i := strings.IndexFunc(r.out, func(c rune) bool { return c != '\n' && unprintable(c) }); i >= 0 {
			t.Errorf("%v prints %q", args, r.out[max(0, i-20):min(len(r.out), i+20)])
		}
	}
}

// show and clients say who holds a waiting version; watch says what happens.
func TestWaitingIsExplained(t *testing.T) {
	site, browser := testsite.Start(t), drive.Start(t)
	at := browser.Endpoint()
	page := browser.Open(t, site.URL(0, "simple"))
	page.Reload(t) // the first load is not controlled

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	lines, done := watch(ctx, t, "watch", "/simple/", "--attach", at, "--json", "--kind", "version,registration")
	first := site.Bump("simple")
	// update is done when the new version appeared; that it waits comes after.
	call(t, "update", "/simple/", "--attach", at).want(t, exitOK)
	var seen []string
	for line := range lines {
		var c changeView
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("watch printed %q: %v", line, err)
		}
		if c.Scope != site.Scope(0, "simple") || c.Time.IsZero() || c.Kind == "" || c.Known == "" {
			t.Errorf("incomplete: %s", line)
		}
		seen = append(seen, c.What)
		if strings.Contains(c.What, "waiting") {
			break
		}
	}
	cancel()
	if exit := <-done; exit != exitInterrupted && exit != exitNo {
		t.Errorf("watch ended with %d", exit)
	}
	if len(seen) == 0 || !strings.Contains(seen[len(seen)-1], "waiting") {
		t.Errorf("watch saw %q of version %d", seen, first)
	}

	v := decode[registrationView](t, call(t, "show", "/simple/", "--attach", at, "--json").want(t, exitOK))
	if v.WhyWaiting == nil || len(v.WhyWaiting.Holders) != 1 || v.WhyWaiting.Holders[0].URL != site.URL(0, "simple") {
		t.Errorf("whyWaiting = %+v, want the one page", v.WhyWaiting)
	}
	if text := call(t, "show", "/simple/", "--attach", at).want(t, exitOK).out; !strings.Contains(text, "waiting?") || !strings.Contains(text, site.URL(0, "simple")) {
		t.Errorf("show for people:\n%s", text)
	}
	cs := decode[[]scopedClient](t, call(t, "clients", "/simple/", "--attach", at, "--json").want(t, exitOK))
	if len(cs) != 1 || cs[0].Controller == "" || cs[0].Target != page.ID {
		t.Errorf("clients = %+v, want the controlled page", cs)
	}
}

// watch starts a command that prints lines and returns when it watches.
func watch(ctx context.Context, t *testing.T, args ...string) (lines <-chan string, exit <-chan int) {
	t.Helper()
	r, w := io.Pipe()
	out, code := make(chan string, 1000), make(chan int, 1)
	errs := &syncBuffer{}
	go func() {
		code <- run(ctx, args, stdio{in: strings.NewReader(""), out: w, err: errs, env: func(string) string { return "" }})
		_ = w.Close()
	}()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(out)
		for s := bufio.NewScanner(r); s.Scan(); {
			out <- s.Text()
		}
	}()
	t.Cleanup(func() { <-ended })
	time.Sleep(time.Second) // until it watches: it says so to a terminal only
	return out, code
}

// A count ends watch, and so does a time; a browser that goes away is a line.
func TestWatchEnds(t *testing.T) {
	site, browser := testsite.Start(t), drive.Start(t)
	at := browser.Endpoint()
	call(t, "watch", "--attach", at, "--for", "100ms").want(t, exitOK)

	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	lines, done := watch(ctx, t, "watch", "--attach", at, "--count", "2", "--kind", "registration,connection")
	browser.Open(t, site.URL(0, "simple"))
	first := <-lines
	browser.Kill()
	second := <-lines
	if exit := <-done; exit != exitOK {
		t.Errorf("watch --count 2 ended with %d after %q, %q", exit, first, second)
	}
	if !strings.Contains(first, site.Scope(0, "simple")) || !strings.Contains(second, "connection") {
		t.Errorf("lines %q, %q: want the registration, then the loss", first, second)
	}
}

// doctor says what is there; with --attach it looks into that browser.
func TestDoctor(t *testing.T) {
	site, browser := testsite.Start(t), drive.Start(t)
	browser.Open(t, site.URL(0, "simple"))
	v := decode[doctorView](t, call(t, "doctor", "--json", "--attach", browser.Endpoint()).want(t, exitOK))
	if v.Attached == nil || v.Attached.Registrations != 1 || v.Attached.Contexts != 1 || !strings.Contains(v.Attached.Product, "Chrome") {
		t.Errorf("attached = %+v", v.Attached)
	}
	if len(v.Installed) == 0 || v.Installed[0].Path == "" {
		t.Errorf("installed = %+v", v.Installed)
	}
	if !slices.ContainsFunc(v.Running, func(f foundView) bool { return strings.Contains(f.Endpoint, portOf(browser)) }) {
		t.Errorf("running = %+v lacks %s", v.Running, browser.Endpoint())
	}
	if text := call(t, "doctor").want(t, exitOK).out; !strings.Contains(text, portOf(browser)) {
		t.Errorf("doctor for people: %s", text)
	}
	call(t, "doctor", "--browsers").want(t, exitOK)
}

func portOf(b *drive.Chromium) string {
	_, port, _ := strings.Cut(b.Endpoint(), ":")
	return fmt.Sprint(port)
}
