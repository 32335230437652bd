package main

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swinspect/swinspect/inspector/replay"
)

const devtoolsHAR = "../../inspector/recording/testdata/devtools.har"

// script writes a worker script.
func script(t *testing.T, source string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "sw.js")
	if err := os.WriteFile(name, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

const throughWorker = `
addEventListener('install', () => skipWaiting());
addEventListener('fetch', e => e.respondWith(fetch(e.request)));
`

// A HAR is replayed with a script, in every format; what differs is exit status 1.
func TestReplayHAR(t *testing.T) {
	sw := script(t, throughWorker)
	type document struct {
		Summary replay.Summary   `json:"summary"`
		Results []*replay.Result `json:"results"`
	}
	var d document
	r := call(t, "replay", devtoolsHAR, "--script", sw, "--json", "-j", "1")
	if err := json.Unmarshal([]byte(r.out), &d); err != nil || r.exit != exitNo {
		t.Fatalf("%v: exit %d\n%s%s", err, r.exit, r.out, r.err)
	}
	byURL := map[string]*replay.Result{}
	for _, x := range d.Results {
		byURL[x.URL] = x
	}
	if x := byURL["https://shop.example/"]; x == nil || x.Verdict != replay.Different || strings.Join(x.Differs(), " ") != "source" {
		t.Errorf("what came from a cache and now is fetched: %+v", x)
	}
	if d.Summary.Events != len(d.Results) || d.Summary.Events < 4 {
		t.Errorf("%+v", d.Summary)
	}
	for format, want := range map[string]string{
		"text": "source: cache → network", "tap": "not ok ", "junit": `message="source differs"`, "ndjson": `{"type":"summary"`,
	} {
		r := call(t, "replay", devtoolsHAR, "--script", sw, "--format", format, "-j", "2")
		if r.exit != exitNo || !strings.Contains(r.out, want) {
			t.Errorf("%s: exit %d\n%s%s", format, r.exit, r.out, r.err)
		}
		if format == "junit" {
			if err := xml.Unmarshal([]byte(r.out), new(struct{})); err != nil {
				t.Error(err)
			}
		}
	}
}

// Shards add up to the whole, in whatever order they are merged.
func TestReplayShards(t *testing.T) {
	sw := script(t, throughWorker)
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.ndjson")
	call(t, "replay", devtoolsHAR, "--script", sw, "--format", "ndjson", "-o", whole)
	var parts []string
	for _, shard := range []string{"2/3", "1/3", "3/3"} {
		part := filepath.Join(dir, strings.ReplaceAll(shard, "/", "-")+".ndjson")
		call(t, "replay", devtoolsHAR, "--script", sw, "--format", "ndjson", "--shard", shard, "-o", part)
		parts = append(parts, part)
	}
	text := func(files ...string) string {
		r := call(t, append([]string{"report", "merge", "--format", "tap"}, files...)...)
		if r.exit != exitNo {
			t.Errorf("exit %d: %s", r.exit, r.err)
		}
		return r.out
	}
	if a, b := text(whole), text(parts...); a != b || strings.Count(a, "ok ") < 4 {
		t.Errorf("the whole:\n%s\nits shards:\n%s", a, b)
	}
	if err := os.WriteFile(filepath.Join(dir, "cut.ndjson"), []byte(`{"type":"result","result":{"id":"x"}}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	call(t, "report", "merge", parts[0], parts[1]).want(t, exitNo, "")
	if r := call(t, "report", "merge", "--format", "text", parts[0], parts[1]); !strings.Contains(r.out, "shard 3/3 are not here") {
		t.Errorf("a shard that is missing: %s", r.out)
	}
	call(t, "report", "merge", filepath.Join(dir, "cut.ndjson")).want(t, exitUnreachable, "no summary")
}

// What was accepted is what the next replay is compared with.
func TestReplayUpdate(t *testing.T) {
	sw := script(t, throughWorker)
	baseline := filepath.Join(t.TempDir(), "accepted")
	with := []string{"replay", devtoolsHAR, "--script", sw, "--baseline", baseline, "-j", "1"}
	call(t, append(with, "--filter", "url:=https://shop.example/")...).want(t, exitNo)
	call(t, append(with, "--update", "--filter", "url:=https://shop.example/")...).want(t, exitOK, "accepted")
	call(t, append(with, "--filter", "url:=https://shop.example/")...).want(t, exitOK)
	other := script(t, `addEventListener('install', () => skipWaiting()); addEventListener('fetch', e => e.respondWith(new Response('other')))`)
	r := call(t, "replay", devtoolsHAR, "--script", other, "--baseline", baseline, "--filter", "url:=https://shop.example/", "-j", "1").want(t, exitNo)
	if !strings.Contains(r.out, "+ other") {
		t.Errorf("no difference of the bodies:\n%s", r.out)
	}
}

// A process that dies takes one event with it, and the rest goes on.
func TestReplayCrash(t *testing.T) {
	sw := script(t, `addEventListener('fetch', e => { if (e.request.url.endsWith('/start')) for (const all = [];;) all.push(new Array(1000).fill(all)); });`+throughWorker)
	r := call(t, "replay", devtoolsHAR, "--script", sw, "--memory", "160", "-j", "1", "--format", "tap")
	if r.exit != exitNo || !strings.Contains(r.out, "verdict: crashed") || strings.Count(r.out, "ok ") < 4 {
		t.Errorf("exit %d\n%s%s", r.exit, r.out, r.err)
	}
}

// A script of another URL stands in for the registration of its scope; one that no event
// would be given to is refused, as all its answers would be equal.
func TestReplayOfAnotherURL(t *testing.T) {
	file := filepath.Join(t.TempDir(), "demo.swrec")
	call(t, "record", "--demo", "--for", "1s", "-o", file).want(t, exitOK, "")
	call(t, "replay", file, "-j", "1").want(t, exitOK, "")
	sw := script(t, `addEventListener("fetch", e => e.respondWith(new Response("new")))`)
	call(t, "replay", file, "--script", sw, "--script-url", "https://tideline.example/new.js", "-j", "1").want(t, exitNo, "")
	call(t, "replay", file, "--script", sw, "--scope", "https://tideline.example/nowhere/").want(t, exitUsage, "recorded are https://tideline.example/")
	call(t, "replay", file, "--script", sw, "--script-url", "https://elsewhere.example/sw.js").want(t, exitUsage, "no recorded request")
}

func TestReplayUsage(t *testing.T) {
	sw := script(t, throughWorker)
	text := script(t, "no recording")
	for _, tt := range []struct {
		exit int
		args []string
		want string
	}{
		{exitUsage, []string{"replay"}, "needs FILE"},
		{exitUsage, []string{"replay", "x", "--format", "pdf"}, "junit"},
		{exitUsage, []string{"replay", "x", "--shard", "3/2"}, "I/N"},
		{exitUsage, []string{"replay", "x", "--filter", "weather:sunny"}, "weather"},
		{exitUsage, []string{"replay", "x", "--lifecycle"}, "--script"},
		{exitUsage, []string{"replay", "x", "--script", "nowhere.js"}, "nowhere.js"},
		{exitUsage, []string{"replay", "x", "--caches", "half"}, "recorded or none"},
		{exitUsage, []string{"report"}, "merge"},
		{exitUnreachable, []string{"replay", "nowhere.swrec"}, "nowhere.swrec"},
		{exitUnreachable, []string{"replay", text}, "not a recording"},
		{exitUsage, []string{"replay", devtoolsHAR, "--script", sw, "--scope", "https://nowhere.example/"}, "no recorded request is in the scope"},
		{exitTimeout, []string{"replay", devtoolsHAR, "--script", sw, "--timeout", "1ms"}, "longer than --timeout 1ms"},
	} {
		call(t, tt.args...).want(t, tt.exit, tt.want)
	}
}
