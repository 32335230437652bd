package scenario

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"
)

// Scenario is one behaviour.
type Scenario struct {
	Name     string // the file's name without .txtar
	Prose    string
	Page     string
	Answer   json.RawMessage
	Chromium json.RawMessage // nil where Chromium answers as specified
	Routes   map[string][]Route
	Files    map[string][]byte // by path, "/sw.js"
}

//go:embed testdata/*.txtar
var files embed.FS

// All reads every scenario.
func All() ([]Scenario, error) {
	names, err := fs.Glob(files, "testdata/*.txtar")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	out := make([]Scenario, 0, len(names))
	for _, name := range names {
		b, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		s, err := Parse(strings.TrimSuffix(path.Base(name), ".txtar"), b)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// Parse reads one scenario.
func Parse(name string, b []byte) (Scenario, error) {
	a := txtar.Parse(b)
	s := Scenario{Name: name, Prose: strings.TrimSpace(string(a.Comment)), Files: map[string][]byte{}}
	for _, f := range a.Files {
		switch f.Name {
		case "page.js":
			s.Page = string(f.Data)
		case "answer.json":
			s.Answer = f.Data
		case "chromium.json":
			s.Chromium = f.Data
		case "routes.json":
			if err := json.Unmarshal(f.Data, &s.Routes); err != nil {
				return s, fmt.Errorf("scenario %s: routes.json: %w", name, err)
			}
		default:
			s.Files["/"+f.Name] = f.Data
		}
	}
	switch {
	case s.Prose == "":
		return s, fmt.Errorf("scenario %s: no line of prose on top", name)
	case s.Page == "":
		return s, fmt.Errorf("scenario %s: no page.js", name)
	case s.Chromium != nil && !strings.Contains(s.Prose, "\nChromium: "):
		return s, fmt.Errorf("scenario %s: chromium.json without a line that starts with \"Chromium: \"", name)
	}
	return s, nil
}

// Want is the answer expected of a backend.
func (s Scenario) Want(product string) json.RawMessage {
	if s.Chromium != nil && IsChromium(product) {
		return s.Chromium
	}
	return s.Answer
}

// IsChromium tells whether Browser.getVersion's product is a real browser.
func IsChromium(product string) bool {
	return strings.HasPrefix(product, "Chrome/") || strings.HasPrefix(product, "HeadlessChrome/")
}

// Equal compares two JSON values; the order of members does not count.
func Equal(a, b json.RawMessage) bool {
	ca, errA := canonical(a)
	cb, errB := canonical(b)
	return errA == nil && errB == nil && bytes.Equal(ca, cb)
}

func canonical(b json.RawMessage) ([]byte, error) {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

// SetAnswer writes an answer into a scenario's file: file is "answer.json" or
// "chromium.json".
func SetAnswer(dir, name, file string, answer json.RawMessage) error {
	full := path.Join(dir, name+".txtar")
	b, err := os.ReadFile(full)
	if err != nil {
		return err
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, answer, "", "  "); err != nil {
		return err
	}
	pretty.WriteByte('\n')
	a := txtar.Parse(b)
	for i := range a.Files {
		if a.Files[i].Name == file {
			a.Files[i].Data = pretty.Bytes()
			return os.WriteFile(full, txtar.Format(a), 0o644)
		}
	}
	a.Files = append(a.Files, txtar.File{Name: file, Data: pretty.Bytes()})
	return os.WriteFile(full, txtar.Format(a), 0o644)
}
