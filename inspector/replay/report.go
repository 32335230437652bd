package replay

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Report writes results as they come and the summary at the end.
type Report interface {
	Result(r *Result) error
	// End writes what is left. The summary is of all results.
	End(s *Summary) error
}

// Formats are the names that NewReport knows.
var Formats = []string{"text", "ndjson", "json", "junit", "tap"}

// ReportOptions are for reports.
type ReportOptions struct {
	Colour bool // text: with escape sequences
	All    bool // text: equal results too
	Steps  bool // text: the steps of the engine under each result
}

// NewReport makes a report of a format; nil for a name that is none.
func NewReport(format string, w io.Writer, o ReportOptions) Report {
	switch format {
	case "text":
		return &textReport{w: bufio.NewWriter(w), o: o}
	case "ndjson":
		return &ndjsonReport{enc: encoder(w)}
	case "json":
		return &jsonReport{w: w}
	case "junit":
		return &junitReport{w: w}
	case "tap":
		return &tapReport{w: bufio.NewWriter(w)}
	}
	return nil
}

func encoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

// Line is a line of NDJSON: a result or, as the last one, the summary. Type is
// "result" or "summary" and says which of the two is there.
type Line struct {
	Type    string   `json:"type"`
	Result  *Result  `json:"result,omitempty"`
	Summary *Summary `json:"summary,omitempty"`
}

type ndjsonReport struct{ enc *json.Encoder }

func (p *ndjsonReport) Result(r *Result) error { return p.enc.Encode(Line{Type: "result", Result: r}) }
func (p *ndjsonReport) End(s *Summary) error {
	return p.enc.Encode(Line{Type: "summary", Summary: s})
}

type jsonReport struct {
	w   io.Writer
	all []*Result
}

// Document is the format "json".
type Document struct {
	Summary *Summary  `json:"summary"`
	Results []*Result `json:"results"`
}

func (p *jsonReport) Result(r *Result) error { p.all = append(p.all, r); return nil }

func (p *jsonReport) End(s *Summary) error {
	enc := encoder(p.w)
	enc.SetIndent("", "  ")
	if p.all == nil {
		p.all = []*Result{}
	}
	return enc.Encode(Document{s, p.all})
}

// ReadLines reads NDJSON and hands on each line. A last line that breaks off is an
// error; what came before it has been handed on.
func ReadLines(r io.Reader, f func(Line) error) error {
	d := json.NewDecoder(r)
	for {
		var l Line
		err := d.Decode(&l)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("replay: reading results: %w", err)
		}
		if err := f(l); err != nil {
			return err
		}
	}
}

// Merge puts the results of shards together: each once, in recorded order, and one
// summary. Of an event with several results the worst one counts.
func Merge(shards ...[]Line) ([]*Result, *Summary) {
	worst := map[string]*Result{}
	sum := &Summary{}
	for _, lines := range shards {
		for _, l := range lines {
			switch {
			case l.Result != nil:
				if old := worst[l.Result.ID]; old == nil || badness[l.Result.Verdict] > badness[old.Verdict] {
					worst[l.Result.ID] = l.Result
				}
			case l.Summary != nil:
				sum.take(l.Summary)
			}
		}
	}
	all := make([]*Result, 0, len(worst))
	for _, r := range worst {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *Result) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Seq, b.Seq)) })
	for _, r := range all {
		sum.Add(r)
	}
	sum.MissingShards = missing(shards)
	for _, shard := range sum.MissingShards {
		sum.Problems = append(sum.Problems, "the results of shard "+shard+" are not here")
	}
	return all, sum
}

// missing are the shards that others speak of.
func missing(shards [][]Line) []string {
	parts := map[int]map[int]bool{}
	for _, lines := range shards {
		for _, l := range lines {
			var i, n int
			if l.Summary == nil || l.Summary.Shard == "" {
				continue
			}
			if _, err := fmt.Sscanf(l.Summary.Shard, "%d/%d", &i, &n); err != nil {
				continue
			}
			if parts[n] == nil {
				parts[n] = map[int]bool{}
			}
			parts[n][i] = true
		}
	}
	var gone []string
	for _, n := range slices.Sorted(maps.Keys(parts)) {
		for i := 1; i <= min(n, 10_000); i++ {
			if !parts[n][i] {
				gone = append(gone, fmt.Sprintf("%d/%d", i, n))
			}
		}
	}
	return gone
}

var badness = map[Verdict]int{Equal: 0, Explained: 1, NotReplayable: 2, Unanswered: 3, Different: 4, Crashed: 5}

// take adds what a summary of a shard has beside its counts.
func (s *Summary) take(o *Summary) {
	s.Recording, s.Script = cmp.Or(s.Recording, o.Recording), cmp.Or(s.Script, o.Script)
	s.InstallFailed = s.InstallFailed || o.InstallFailed
	s.Seconds = max(s.Seconds, o.Seconds)
	s.Lifecycle = append(s.Lifecycle, o.Lifecycle...)
	for _, p := range o.Problems {
		if !slices.Contains(s.Problems, p) {
			s.Problems = append(s.Problems, p)
		}
	}
	// Every shard has looked at all rows.
	if s.Skipped == nil {
		s.Skipped = map[string]int{}
	}
	for why, n := range o.Skipped {
		s.Skipped[why] = max(s.Skipped[why], n)
	}
}
