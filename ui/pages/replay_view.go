package pages

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/explain"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/ui/components"
)

// ReplayView is the replay panel.
type ReplayView struct {
	Address components.Address
	Setup   ReplaySetup
	Run     *ReplayRun // nil: none was started
	Results ReplayResults
	Problem *components.Notice
	Rule    func(name string) string // the words of a rule
}

// ReplaySetup is the form.
type ReplaySetup struct {
	Recordings []Choice
	Recording  string
	Filter     string
	Script     string // "", "paste" or "file"
	Source     string
	Path       string
	ScriptURL  string
	Module     bool
	Lifecycle  bool
	NoCaches   bool
	Offline    bool
	Slow       bool
	Kill       bool
	Overlap    bool
	Live       bool
	Repeat     int
}

// ReplayRun is a replay, running or through.
type ReplayRun struct {
	ID, Recording, Script string
	Done, Total           int
	Running, Stopped      bool
	Took                  time.Duration
	Error                 string
	Counts                ReplaySummary
	Results               []*ReplayResult
}

// ReplayResults is the table and the chosen result.
type ReplayResults struct {
	Filter components.Filter
	Head   components.TableHead
	Rows   []*ReplayResult
	Window components.Window
	Total  int
	Chosen *ReplayResult
	Part   string
}

var replayKeys = []string{"is", "verdict", "differs", "method", "url", "status", "source", "decision", "kind", "rule", "reason", "has"}

// NewReplayResults lays the results of a run out.
func NewReplayResults(a components.Address, run *ReplayRun) ReplayResults {
	v := ReplayResults{
		Filter: components.NewFilter(a, "filter", "Filter results", "differs:body url:", replayKeys), Total: len(run.Results),
		Head: tableHead(a, "sort", components.Sort{Key: "n"}, []components.Column{
			{Key: "n", Label: "#", Class: "r c4 r-n"}, {Key: "method", Label: "Event", Class: "c3 r-m"}, {Key: "url", Label: "Request"}, {Key: "verdict", Label: "Result", Class: "r-k"},
			{Label: "Recorded", Class: "c3 r-s"}, {Label: "Replayed", Class: "c3 r-s"}, {Label: "Differs in", Class: "c2 r-d"},
		}),
	}
	v.Filter.Suggest = []string{"-is:equal", "is:different", "is:explained", "is:unanswered", "is:crashed", "differs:body", "differs:status", "differs:source", "differs:header", "rule:", "method:POST", "has:thrown"}
	asked := a.Query.Get("event")
	var keep []*ReplayResult
	for _, r := range run.Results {
		if r.ID == asked {
			v.Chosen = r
		}
		if v.Filter.Query.Match(r.field) {
			keep = append(keep, r)
		}
	}
	sortRows(keep, v.Head.Sort, func(x, y *ReplayResult) int {
		switch v.Head.Sort.Key {
		case "method":
			return cmp.Compare(x.Method, y.Method)
		case "url":
			return cmp.Compare(x.URL, y.URL)
		case "verdict":
			return cmp.Compare(x.Verdict, y.Verdict)
		}
		return cmp.Compare(x.Seq, y.Seq)
	})
	v.Window = components.WindowAt(atoi(a.Query.Get("from")), logWindow, len(keep))
	v.Rows = keep[v.Window.From:v.Window.To]
	v.Part = a.Query.Get("part")
	if !slices.Contains([]string{"body", "headers", "writes", "trace"}, v.Part) {
		v.Part = "body"
	}
	return v
}

// field gives the values of a field for the filter.
func (r *ReplayResult) field(key string) []string {
	both := func(of func(*ReplayAnswer) string) []string {
		var out []string
		for _, a := range []*ReplayAnswer{r.Recorded, r.Replayed} {
			if a != nil {
				out = append(out, of(a))
			}
		}
		return out
	}
	switch key {
	case "":
		return []string{r.URL, r.Method, r.Verdict, r.Reason}
	case "is", "verdict":
		return []string{r.Verdict}
	case "differs":
		return r.differs()
	case "method":
		return []string{r.Method}
	case "url":
		return []string{r.URL}
	case "kind":
		return []string{r.Kind}
	case "reason":
		return []string{r.Reason}
	case "status":
		return both(func(a *ReplayAnswer) string { return strconv.Itoa(a.Status) })
	case "source":
		return both(func(a *ReplayAnswer) string { return a.Source })
	case "decision":
		return both(func(a *ReplayAnswer) string { return a.Decision })
	case "rule":
		var rules []string
		for _, d := range r.Differences {
			if d.Rule != "" {
				rules = append(rules, d.Rule)
			}
		}
		return rules
	case "has":
		if r.Replayed != nil && len(r.Replayed.Thrown) > 0 {
			return []string{"thrown"}
		}
	}
	return nil
}

// differs are the fields that differ, those that a rule explains last.
func (r *ReplayResult) differs() []string {
	var plain, ruled []string
	for _, d := range r.Differences {
		if d.Rule == "" {
			plain = append(plain, d.Field)
		} else {
			ruled = append(ruled, d.Field)
		}
	}
	return append(plain, ruled...)
}

func (r *ReplayResult) differsWords() string {
	var plain []string
	rules := 0
	for _, d := range r.Differences {
		if d.Rule == "" {
			plain = append(plain, strings.TrimPrefix(d.Field, "header:"))
		} else {
			rules++
		}
	}
	words := strings.Join(plain, ", ")
	if len(plain) == 0 && rules > 0 {
		words = components.Count(rules, "explained difference", "explained differences")
	}
	if words == "" {
		words = r.Reason
	}
	return visible(words)
}

func (r *ReplayResult) rowID() string { return "rr" + strconv.FormatUint(r.Seq, 10) }

// state is a verdict as glyph, word and colour.
func (r *ReplayResult) state() components.State {
	word := strings.ReplaceAll(r.Verdict, "-", " ")
	switch r.Verdict {
	case "equal":
		return components.State{Icon: "confirmed", Word: word, Class: "ok"}
	case "different":
		return components.State{Icon: "differs", Word: word, Class: "work"}
	case "explained":
		return components.State{Icon: "confirmed", Word: word, Class: "idle"}
	case "unanswered":
		return components.State{Icon: "unanswered", Word: word, Class: "wait"}
	case "crashed":
		return components.State{Icon: "error", Word: word, Class: "bad"}
	}
	return components.State{Icon: "empty", Word: word, Class: "idle"}
}

func (a *ReplayAnswer) status() string {
	switch {
	case a == nil:
		return ""
	case a.Error != "":
		return "failed"
	case a.Status == 0:
		return "opaque"
	}
	return strconv.Itoa(a.Status)
}

func (a *ReplayAnswer) from() string {
	if a == nil {
		return ""
	}
	if a.Cache != "" {
		return visible(a.Cache)
	}
	return a.Source
}

func (a *ReplayAnswer) icon() string {
	if a == nil {
		return ""
	}
	return fetchSourceIcon(fetches.Source(a.Source))
}

// find is the difference of a field, nil when there is none.
func (r *ReplayResult) find(field string) *ReplayDifference {
	for i := range r.Differences {
		if r.Differences[i].Field == field {
			return &r.Differences[i]
		}
	}
	return nil
}

// facts are the differences that are neither of the body nor of a header.
func (r *ReplayResult) facts() []ReplayDifference {
	var out []ReplayDifference
	for _, d := range r.Differences {
		if d.Field != "body" && !strings.HasPrefix(d.Field, "header:") {
			out = append(out, d)
		}
	}
	return out
}

// headers are both sides' headers, those that differ marked.
func (r *ReplayResult) headers() []ComparedRow {
	var a, b []inspector.Header
	if r.Recorded != nil {
		a = r.Recorded.Headers
	}
	if r.Replayed != nil {
		b = r.Replayed.Headers
	}
	var rows []ComparedRow
	for _, name := range eitherNames(a, b) {
		d := r.find("header:" + name)
		rows = append(rows, ComparedRow{Name: name, Before: HeaderValue(a, name), After: HeaderValue(b, name), Differs: d != nil && d.Rule == ""})
	}
	for _, d := range r.Differences { // of slim results the headers are gone, the differences are not
		if name, ok := strings.CutPrefix(d.Field, "header:"); ok && len(a)+len(b) == 0 {
			rows = append(rows, ComparedRow{Name: name, Before: d.Recorded, After: d.Replayed, Differs: d.Rule == ""})
		}
	}
	return rows
}

// DiffSide is a row of a text difference: both sides share it.
type DiffSide struct {
	Left, Right       string
	LeftOp, RightOp   string // "", del, ins or gap
	LeftSet, RightSet bool
	Gap               bool
}

// sides lays the lines of a text difference side by side.
func (d *ReplayDiff) sides() []DiffSide {
	var rows []DiffSide
	var dels, inss []string
	flush := func() {
		for i := range max(len(dels), len(inss)) {
			row := DiffSide{LeftOp: "gap", RightOp: "gap"}
			if i < len(dels) {
				row.Left, row.LeftOp, row.LeftSet = dels[i], "del", true
			}
			if i < len(inss) {
				row.Right, row.RightOp, row.RightSet = inss[i], "ins", true
			}
			rows = append(rows, row)
		}
		dels, inss = nil, nil
	}
	for _, l := range d.Lines {
		switch l.Op {
		case "-":
			dels = append(dels, l.Text)
		case "+":
			inss = append(inss, l.Text)
		case "…":
			flush()
			rows = append(rows, DiffSide{Gap: true})
		default:
			flush()
			rows = append(rows, DiffSide{Left: l.Text, Right: l.Text, LeftSet: true, RightSet: true})
		}
	}
	flush()
	return rows
}

// chain is the trace of one side.
func (a *ReplayAnswer) chain() []ChainLink {
	if a == nil || len(a.Steps) == 0 {
		return nil
	}
	return NewChain(explain.Fetch(&fetches.Fetch{Steps: a.Steps}, explain.World{}))
}

func (a *ReplayAnswer) bodyWords() string {
	switch {
	case a == nil:
		return "none"
	case a.Body.Missing != "":
		return "not there: " + a.Body.Missing
	case a.Body.Size < 0:
		return "not known"
	}
	return components.Bytes(float64(a.Body.Size))
}

// progressWords say how far a replay is.
func (r *ReplayRun) progressWords() string {
	rate := float64(r.Done) / max(r.Took.Seconds(), 0.001)
	switch {
	case !r.Running:
		return fmt.Sprintf("%s in %s", components.Count(r.Done, "event", "events"), components.Span(r.Took))
	case r.Total <= 0:
		return "reading the recording"
	}
	words := fmt.Sprintf("%s per second", components.Number(int(rate)))
	if rate > 0 && r.Total > r.Done {
		words += ", " + components.Span(time.Duration(float64(r.Total-r.Done)/rate*float64(time.Second))) + " left"
	}
	return words
}

func (r *ReplayRun) stateWord() components.State {
	switch {
	case r.Running:
		return components.State{Icon: "spin", Word: "Replaying", Class: "work"}
	case r.Error != "":
		return components.State{Icon: "error", Word: "failed", Class: "bad"}
	case r.Stopped:
		return components.State{Icon: "stopped", Word: "stopped", Class: "idle"}
	case r.Counts.Equal+r.Counts.Explained+r.Counts.Different == 0 && r.Counts.NotReplayable > 0:
		return components.State{Icon: "warn", Word: "nothing could be replayed", Class: "wait"}
	case r.Done == 0:
		return components.State{Icon: "empty", Word: "no event", Class: "idle"}
	case r.Counts.Different+r.Counts.Unanswered+r.Counts.Crashed > 0:
		return components.State{Icon: "differs", Word: "not equal", Class: "work"}
	}
	return components.State{Icon: "confirmed", Word: "all equal", Class: "ok"}
}

// command is the same replay on the command line.
func (v ReplaySetup) command() string {
	var b strings.Builder
	b.WriteString("swinspect replay " + quoteShell(strings.TrimPrefix(v.Recording, "open:")))
	if v.Source != "" || v.Path != "" {
		b.WriteString(" --script " + quoteShell(cmp.Or(v.Path, "sw.js")))
	}
	for _, o := range []struct {
		on   bool
		flag string
	}{{v.Module, "--module"}, {v.Lifecycle, "--lifecycle"}, {v.NoCaches, "--caches none"}, {v.Offline, "--offline"}, {v.Slow, "--slow 2s"}, {v.Kill, "--kill-between"}, {v.Overlap, "--overlap"}, {v.Live, "--live"}} {
		if o.on {
			b.WriteString(" " + o.flag)
		}
	}
	if v.Repeat > 1 {
		b.WriteString(" --repeat " + strconv.Itoa(v.Repeat))
	}
	if v.Filter != "" {
		b.WriteString(" --filter " + quoteShell(v.Filter))
	}
	return b.String()
}

func (v ReplayView) own(r *ReplayResult) string { return components.Origin(r.Scope) }

func (v ReplayView) ruleWords(d ReplayDifference) string {
	if d.Rule == "" {
		return ""
	}
	if v.Rule != nil {
		if words := v.Rule(d.Rule); words != "" {
			return d.Rule + ": " + words
		}
	}
	return d.Rule
}

func opSign(op string) string {
	switch op {
	case "del":
		return "−"
	case "ins":
		return "+"
	}
	return ""
}

func noTrace(side string, r *ReplayResult) string {
	switch {
	case r.Verdict == "equal":
		return "Traces of equal answers are not kept: open the request on the recording's Fetches panel."
	case side == "Recorded":
		return "The recorded browser told no trace: its side is explained on the recording's Fetches panel."
	}
	return "There is none."
}
