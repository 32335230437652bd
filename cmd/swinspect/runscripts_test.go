package main

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/inspector/recording"
	"github.com/swinspect/swinspect/inspector/session/report"
)

// scriptsIn writes files below a new folder and gives its name.
func scriptsIn(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	passing = `test('it adds', () => { expect(1 + 1).toBe(2) });
test('it waits', async () => { await step('a while', () => sleep(1)) });`
	failing = `test('it is three', async () => {
  await step('add', () => {
    expect(1 + 1).toBe(3);
  });
});
test('it is two', () => { expect(1 + 1).toBe(2) });`
)

// runJSON runs scripts and decodes the document.
func runJSON(t *testing.T, exit int, args ...string) report.Document {
	t.Helper()
	r := call(t, append([]string{"run", "--reporter", "json", "-o", filepath.Join(t.TempDir(), "results")}, args...)...).want(t, exit)
	return decode[report.Document](t, r)
}

func TestRunUsage(t *testing.T) {
	dir := scriptsIn(t, map[string]string{"a.session.js": passing, "empty/readme.txt": "", "none.js": "import 'swinspect'"})
	a := filepath.Join(dir, "a.session.js")
	for _, tt := range []struct {
		exit int
		args []string
		want string
	}{
		{exitUsage, []string{"run"}, "needs FILE or DIR"},
		{exitUsage, []string{"run", filepath.Join(dir, "nowhere.js")}, "no file or folder"},
		{exitUsage, []string{"run", filepath.Join(dir, "empty")}, "*.session.js"},
		{exitUsage, []string{"run", a, "--reporter", "pdf"}, "junit"},
		{exitUsage, []string{"run", a, "--reporter", "tap", "--reporter", "json"}, "only one report"},
		{exitUsage, []string{"run", a, "--reporter", "junit="}, "name the file"},
		{exitUsage, []string{"run", a, "--trace", "maybe"}, "retain-on-failure"},
		{exitUsage, []string{"run", a, "--timeout", "0s"}, "more than nothing"},
		{exitUsage, []string{"run", a, "--retries", "-1"}, "not less than 0"},
		{exitUsage, []string{"run", a, "--filter", "/(/"}, "--filter"},
		{exitUsage, []string{"run", a, "--filter", "subtracts"}, "it adds"},
		{exitUsage, []string{"run", a, "--backend", "99999"}, "99999"},
		{exitUnreachable, []string{"run", a, "--backend", "1"}, "nothing listens"},
	} {
		call(t, tt.args...).want(t, tt.exit, tt.want)
	}
}

// A folder is its scripts; node_modules, what is hidden and other files are not.
func TestScriptFiles(t *testing.T) {
	dir := scriptsIn(t, map[string]string{
		"b.session.ts": "", "a.session.js": "", "a.js": "", "a.test.js": "", "deep/er/c.session.mjs": "", "d.session.mts": "",
		"node_modules/x/x.session.js": "", ".hidden/x.session.js": "", "odd name.txt": "",
	})
	var got []string
	files, err := scriptFiles([]string{filepath.Join(dir, "odd name.txt"), dir, filepath.Join(dir, "a.session.js")})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		rel, _ := filepath.Rel(dir, f)
		got = append(got, filepath.ToSlash(rel))
	}
	if want := []string{"odd name.txt", "a.session.js", "b.session.ts", "d.session.mts", "deep/er/c.session.mjs"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTestFilter(t *testing.T) {
	for _, tt := range []struct {
		filter string
		want   bool
	}{
		{"", true}, {"two TABS", true}, {"update.session", true}, {"three", false},
		{"/^tests.update.*: .*tabs$/", true}, {"/two tabs$/", true}, {"/^two/", false}, {"/", true},
	} {
		f, err := testFilter(tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		if got := f == nil || f(filepath.Join("tests", "update.session.js"), &report.Test{Name: "it has two tabs"}); got != tt.want {
			t.Errorf("%q: %v", tt.filter, got)
		}
	}
}

func TestTraceName(t *testing.T) {
	for want, of := range map[string]report.Test{
		"a-1-it-starts-offline": {ID: 1, Name: "It starts: «offline»!"},
		"a-12-über-uns-retry2":  {ID: 12, Name: "über / uns", Attempt: 3},
		"a-3-":                  {ID: 3, Name: "🙂"},
	} {
		if got := traceName("dir/a.session.ts", &of); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Exit status, counts, place and step of a failure.
func TestRunResults(t *testing.T) {
	dir := scriptsIn(t, map[string]string{"a.session.js": passing, "b.session.js": failing})
	d := runJSON(t, exitOK, filepath.Join(dir, "a.session.js"))
	if s := d.Summary; s.Passed != 2 || s.Tests != 2 || s.Files != 1 || s.Took == 0 {
		t.Errorf("%+v", s)
	}
	d = runJSON(t, exitNo, dir)
	if s := d.Summary; s.Passed != 3 || s.Failed != 1 || s.Files != 2 {
		t.Errorf("%+v", s)
	}
	b := d.Files[1]
	if filepath.Base(b.File) != "b.session.js" || len(b.Tests) != 2 || b.Tests[0].Result.Outcome != report.Failed {
		t.Fatalf("%+v", b)
	}
	f := b.Tests[0].Result.Failures[0]
	if f.Name != report.AssertionError || f.At.Line != 3 || f.At.Column == 0 || !strings.Contains(f.Frame, "> 3 |") || len(f.Steps) != 1 || f.Steps[0] != "add" {
		t.Errorf("%+v", f)
	}
	if f.Expected != "3" || f.Received != "2" {
		t.Errorf("expected %q, received %q", f.Expected, f.Received)
	}
}

// Every report of one run, some of them to files.
func TestRunReports(t *testing.T) {
	dir := scriptsIn(t, map[string]string{"a.session.js": passing, "b.session.js": failing})
	out := filepath.Join(dir, "out")
	file := func(name string) string { return filepath.Join(out, name) }
	r := callWith(t, map[string]string{"NO_COLOR": "1", "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": file("summary.md")}, "",
		"run", dir, "-o", file("results"), "--reporter", "junit="+file("j.xml"), "--reporter", "tap="+file("t.tap"),
		"--reporter", "ndjson="+file("n.ndjson"), "--reporter", "json="+file("j.json"), "--reporter", "github").want(t, exitNo)
	if !strings.Contains(r.out, "✗ it is three") || !strings.Contains(r.out, "\n::error file=") {
		t.Errorf("github: %s", r.out)
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(file(name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if err := xml.Unmarshal(read("j.xml"), new(struct{})); err != nil {
		t.Error(err)
	}
	if !strings.Contains(string(read("t.tap")), "not ok 1 - it is three") || !strings.Contains(string(read("summary.md")), "1 failed") {
		t.Errorf("%s\n%s", read("t.tap"), read("summary.md"))
	}
	if lines := strings.Count(string(read("n.ndjson")), "\n"); lines < 12 {
		t.Errorf("%d events", lines)
	}
	if err := json.Unmarshal(read("j.json"), new(report.Document)); err != nil {
		t.Error(err)
	}
}

func TestRunList(t *testing.T) {
	dir := scriptsIn(t, map[string]string{"a.session.js": passing, "b.session.js": failing})
	r := call(t, "run", dir, "--list").want(t, exitOK)
	if !strings.Contains(r.out, "a.session.js:2  it waits\n") || strings.Count(r.out, "\n") != 4 {
		t.Errorf("%s", r.out)
	}
	r = call(t, "run", dir, "--list", "--reporter", "json", "--filter", "it is").want(t, exitOK)
	if tests := decode[[]report.Test](t, r); len(tests) != 2 || tests[0].At.Line != 1 {
		t.Errorf("%+v", tests)
	}
}

// A script that kills its process takes one test with it; those behind it run.
func TestRunCrash(t *testing.T) {
	dir := scriptsIn(t, map[string]string{"a.session.js": `
test('before', () => {});
test('it takes all memory', async ({ page }) => {
  await step('fill it', async () => { for (const all = [];;) all.push(new Array(1000).fill(all)); });
});
test('behind', () => {});`, "b.session.js": passing})
	d := runJSON(t, exitNo, dir, "--memory", "200", "-j", "1")
	if s := d.Summary; s.Passed != 4 || s.Failed != 1 || s.Broken != 0 {
		t.Errorf("%+v", s)
	}
	r := d.Files[0].Tests[1].Result
	if r == nil || r.Outcome != report.Crashed || !strings.Contains(r.Failures[0].Message, "MiB") || !slices.Equal(r.Failures[0].Steps, []string{"fill it"}) {
		t.Errorf("%+v", r)
	}
}

// A test that waits for ever is ended and the line it waits at is named; so is one that
// never lets go of the interpreter.
func TestRunTimeouts(t *testing.T) {
	dir := scriptsIn(t, map[string]string{
		"a.session.js": `
test('it waits for ever', async () => {
  await waitFor(() => false, { timeout: '20s' });
});
test('it loops', () => { for (;;); });`,
	})
	began := time.Now()
	d := runJSON(t, exitNo, dir, "--timeout", "300ms")
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	for i, line := range []int{3, 5} {
		r := d.Files[0].Tests[i].Result
		if r.Outcome != report.TimedOut || len(r.Failures) == 0 || r.Failures[0].At.Line != line {
			t.Errorf("%d: %+v", i, r)
		}
	}
	slow := scriptsIn(t, map[string]string{"a.session.js": `test('slow', () => sleep('20s'))`})
	call(t, "run", slow, "--limit", "1s").want(t, exitTimeout, "--limit 1s")
}

// Flaky, and what --bail leaves out.
func TestRunRetriesAndBail(t *testing.T) {
	dir := scriptsIn(t, map[string]string{"a.session.js": `
let attempts = 0;
test('flaky', () => { if (++attempts < 2) throw new Error('not yet') });
test('broken', () => { throw new Error('never') });
test('last', () => {});`})
	d := runJSON(t, exitNo, dir, "--retries", "1")
	if s := d.Summary; s.Flaky != 1 || s.Failed != 1 || s.Passed != 1 {
		t.Errorf("%+v", s)
	}
	d = runJSON(t, exitNo, dir, "--bail")
	if s := d.Summary; s.Failed != 1 || s.Passed != 0 {
		t.Errorf("%+v", s)
	}
}

// A test that fails leaves a recording behind that opens; one that passes does not.
func TestRunTraces(t *testing.T) {
	dir := scriptsIn(t, map[string]string{"a.session.js": `
use({ site: { '/': '<!doctype html><script>navigator.serviceWorker.register("/sw.js")</script>', '/sw.js': { headers: { 'content-type': 'text/javascript' }, body: 'onfetch = () => {}' } } });
test('good', async ({ browser, page }) => { await page.goto('/'); await browser.registration('/').waitFor('activated'); });
test('bad', async ({ browser, page }) => { await page.goto('/'); await browser.registration('/').waitFor('activated'); throw new Error('no') });`})
	out := filepath.Join(dir, "kept")
	r := call(t, "run", dir, "--reporter", "json", "-o", out).want(t, exitNo)
	tests := decode[report.Document](t, r).Files[0].Tests
	if len(tests[0].Result.Traces) != 0 || len(tests[1].Result.Traces) != 1 {
		t.Fatalf("%+v %+v", tests[0].Result, tests[1].Result)
	}
	if all, _ := filepath.Glob(filepath.Join(out, "*")); len(all) != 1 {
		t.Errorf("%q", all)
	}
	f, err := recording.Open(tests[1].Result.Traces[0])
	if err != nil {
		t.Fatal(err)
	}
	state, err := f.State(t.Context(), time.Time{})
	if err != nil || len(state.Live()) != 1 {
		t.Errorf("%v: %d registrations", err, len(state.Live()))
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestTypes(t *testing.T) {
	text := call(t, "types").want(t, exitOK).out
	if !strings.Contains(text, "declare module 'swinspect'") {
		t.Errorf("%.200s", text)
	}
	name := filepath.Join(t.TempDir(), "deep", "swinspect.d.ts")
	call(t, "types", "--out", name).want(t, exitOK, name)
	if b, err := os.ReadFile(name); err != nil || string(b) != text {
		t.Error(err)
	}
}
