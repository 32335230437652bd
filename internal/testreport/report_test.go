package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	tests := []struct {
		name   string
		events string
		exit   int
		want   []string
		never  []string
	}{
		{
			name: "all passed",
			events: `{"Action":"output","Package":"github.com/swinspect/swinspect/cdp","Test":"TestA","Output":"chatter\n"}
{"Action":"pass","Package":"github.com/swinspect/swinspect/cdp","Test":"TestA","Elapsed":0.1}
{"Action":"pass","Package":"github.com/swinspect/swinspect/cdp","Elapsed":1.5}
`,
			exit: 0, want: []string{"pass     1.5s  cdp\n", "1 passed, 0 failed, 0 skipped\n"}, never: []string{"chatter"},
		},
		{
			name: "a failure prints its output",
			events: `{"Action":"output","Package":"p","Test":"TestB","Output":"b_test.go:3: got 1\n"}
{"Action":"fail","Package":"p","Test":"TestB"}
{"Action":"fail","Package":"p","Elapsed":2}
`,
			exit: 1, want: []string{"FAIL p TestB\nb_test.go:3: got 1\n", "FAIL p\n", "0 passed, 1 failed, 0 skipped\n"},
		},
		{
			name: "a skip is a failure and is named",
			events: `{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"skip","Package":"p","Test":"TestC"}
{"Action":"pass","Package":"p"}
`,
			exit: 1, want: []string{"counts as a failure here: p TestC\n", "1 passed, 0 failed, 1 skipped\n"},
		},
		{
			name: "a test that needs more is named with its reason",
			events: `{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestMore","Output":"=== RUN   TestMore\n"}
{"Action":"output","Package":"p","Test":"TestMore","Output":"    p_test.go:4: no server: docs/p.md\n"}
{"Action":"skip","Package":"p","Test":"TestMore"}
{"Action":"pass","Package":"p"}
`,
			exit: 0, want: []string{"not run: p TestMore: no server: docs/p.md\n", "1 passed, 0 failed, 0 skipped\n"},
		},
		{
			name: "a package that does not build",
			events: `{"ImportPath":"p","Action":"build-output","Output":"p/x.go:1: undefined: y\n"}
{"Action":"pass","Package":"q","Test":"TestA"}
{"Action":"pass","Package":"q"}
{"Action":"fail","Package":"p","FailedBuild":"p"}
`,
			exit: 1, want: []string{"undefined: y\n", "it does not build: p\n", "FAIL p\n"},
		},
		{
			name: "a crash leaves its test open",
			events: `{"Action":"run","Package":"p","Test":"TestD"}
{"Action":"output","Package":"p","Test":"TestD","Output":"panic: boom\n"}
{"Action":"fail","Package":"p","Elapsed":1}
`,
			exit: 1, want: []string{"TestD: did not end\npanic: boom\n", "0 passed, 1 failed"},
		},
		{name: "nothing at all", events: "", exit: 1, want: []string{"no test passed"}},
		{
			name: "packages without tests do not count",
			events: `{"Action":"skip","Package":"p"}
`,
			exit: 1, want: []string{"0 packages with tests", "no test passed"},
		},
		{
			name: "what is no event is passed on",
			events: `go: cannot find main module
`,
			exit: 1, want: []string{"go: cannot find main module\n"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			if exit := run(strings.NewReader(tt.events), &out, "p TestMore"); exit != tt.exit {
				t.Errorf("exit %d, want %d", exit, tt.exit)
			}
			for _, w := range tt.want {
				if !strings.Contains(out.String(), w) {
					t.Errorf("output lacks %q:\n%s", w, out.String())
				}
			}
			for _, n := range tt.never {
				if strings.Contains(out.String(), n) {
					t.Errorf("output has %q:\n%s", n, out.String())
				}
			}
		})
	}
}
