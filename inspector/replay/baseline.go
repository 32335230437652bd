package replay

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Baseline are answers that were accepted in the place of the recorded ones
// (swinspect replay --update), by the ID of their row.
//
// It is a file beside the recording, FILE.baseline, of NDJSON lines
// {"id": …, "url": …, "answer": {…}, "body": base64}, sorted by id: a recording is
// evidence and is never changed, and a text file shows in a review what was accepted.
// Bodies up to maxBaselineBody are in it, so that a later difference can be shown.
type Baseline struct{ answers map[string]*Answer }

type baselineLine struct {
	ID     string  `json:"id"`
	Method string  `json:"method"`
	URL    string  `json:"url"`
	Answer *Answer `json:"answer"`
	Body   []byte  `json:"body,omitempty"`
}

const maxBaselineBody = 256 << 10

// Answer is the accepted answer to a row; nil for none.
func (b *Baseline) Answer(id string) *Answer {
	if b == nil {
		return nil
	}
	return b.answers[id]
}

// Len is how many answers there are.
func (b *Baseline) Len() int { return len(b.answers) }

// ReadBaseline reads a baseline; one that does not exist is nil without an error.
func ReadBaseline(path string) (*Baseline, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	defer func() { _ = f.Close() }()
	b := &Baseline{answers: map[string]*Answer{}}
	d := json.NewDecoder(bufio.NewReader(f))
	for {
		var l baselineLine
		err := d.Decode(&l)
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil || l.Answer == nil || l.ID == "" {
			return nil, fmt.Errorf("replay: %s is no baseline: %w", path, errors.Join(err, errors.New("a line without id or answer")))
		}
		l.Answer.Body.bytes = l.Body
		b.answers[l.ID] = l.Answer
	}
}

// WriteBaseline accepts the answers of results: those of rows that the baseline had
// already are replaced, others stay. Results without an answer are left alone, and so
// are equal ones that were not in it.
func WriteBaseline(path string, old *Baseline, results []*Result) (accepted int, err error) {
	lines := map[string]baselineLine{}
	if old != nil {
		for id, a := range old.answers {
			lines[id] = baselineLine{ID: id, Answer: a, Body: a.Body.bytes}
		}
	}
	for _, r := range results {
		_, had := lines[r.ID]
		if r.Replayed == nil || r.Verdict == Equal && !had || r.Verdict == Crashed || r.Verdict == Unanswered {
			continue
		}
		if r.Verdict != Equal {
			accepted++
		}
		a := *r.Replayed
		a.Steps, a.Writes = nil, nil
		l := baselineLine{ID: r.ID, Method: r.Method, URL: r.URL, Answer: &a}
		if b := r.Replayed.Body; len(b.bytes) <= maxBaselineBody {
			l.Body = b.bytes
		}
		lines[r.ID] = l
	}
	var ids []string
	for id := range lines {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return 0, fmt.Errorf("replay: %w", err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // it has been renamed when all is well
	w := bufio.NewWriter(tmp)
	enc := encoder(w)
	for _, id := range ids {
		if err = enc.Encode(lines[id]); err != nil {
			break
		}
	}
	if err = errors.Join(err, w.Flush(), tmp.Chmod(0o644), tmp.Close()); err != nil {
		return 0, fmt.Errorf("replay: writing %s: %w", path, err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return 0, fmt.Errorf("replay: %w", err)
	}
	return accepted, nil
}
