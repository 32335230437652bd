package inspector

import (
	"bufio"
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp/jsonv2"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write the goldens anew")

// TestTranscripts folds what real browsers said. Each testdata/transcripts/*.txtar
// is a line of prose, the messages (one JSON Message a line) and the state they
// fold to, in words, with every change on the way.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, messages := readTranscript(t, file)
			got := dump(messages)
			if *update {
				setFile(a, "state", got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := string(getFile(a, "state")); got != want {
				t.Errorf("%s folds to another state (go test -run TestTranscripts -update writes it anew)\n%s", file, lineDiff(want, got))
			}
		})
	}
}

// readTranscript reads the messages of a transcript.
func readTranscript(t testing.TB, file string) (*txtar.Archive, []Message) {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var ms []Message
	lines := bufio.NewScanner(bytes.NewReader(getFile(a, "messages")))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var m Message
		if err := jsonv2.Unmarshal(lines.Bytes(), &m); err != nil {
			t.Fatalf("%s: %v in %s", file, err, lines.Text())
		}
		ms = append(ms, m)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return a, ms
}

func getFile(a *txtar.Archive, name string) []byte {
	for _, f := range a.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

func setFile(a *txtar.Archive, name, data string) {
	for i := range a.Files {
		if a.Files[i].Name == name {
			a.Files[i].Data = []byte(data)
			return
		}
	}
	a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(data)})
}

// lineDiff shows the lines that are in only one of two texts.
func lineDiff(want, got string) string {
	var b strings.Builder
	only := func(sign string, lines, other string) {
		have := map[string]int{}
		for l := range strings.SplitSeq(other, "\n") {
			have[l]++
		}
		for l := range strings.SplitSeq(lines, "\n") {
			if have[l]--; have[l] < 0 {
				b.WriteString(sign + l + "\n")
			}
		}
	}
	only("- ", want, got)
	only("+ ", got, want)
	return b.String()
}
