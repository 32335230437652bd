package replay

import (
	"time"

	"github.com/swinspect/swinspect/inspector"
)

// Result is what came of one event. Its JSON names are stable.
type Result struct {
	ID     string    `json:"id"`  // of the recorded row
	Seq    uint64    `json:"seq"` // its place in the recording, from 1
	At     time.Time `json:"at"`  // when it was recorded
	Kind   string    `json:"kind"`
	Method string    `json:"method"`
	URL    string    `json:"url"`
	Client string    `json:"client,omitempty"` // the recorded client
	Scope  string    `json:"scope,omitempty"`

	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason,omitempty"` // of not-replayable, unanswered, crashed
	// Differences are all of them, also those that a rule explains.
	Differences []Difference `json:"differences,omitempty"`
	// NotCompared are the fields that one side does not tell: "body", "cache-writes" …
	NotCompared []string `json:"notCompared,omitempty"`
	// Asked are the requests that were made of the network meanwhile.
	Asked []Asked `json:"asked,omitempty"`

	Recorded *Answer `json:"recorded,omitempty"`
	Replayed *Answer `json:"replayed,omitempty"`
	// Seeds is with how many seeds it was replayed, when more than one, and Varies the
	// fields in which those replays differ.
	Seeds  int           `json:"seeds,omitempty"`
	Varies []string      `json:"varies,omitempty"`
	Took   time.Duration `json:"took"` // on this machine, nanoseconds

	accepted bool // Recorded is of the baseline
}

// Answer is what a client was told.
type Answer struct {
	Decision   string                `json:"decision"`
	Source     string                `json:"source"`
	Cache      string                `json:"cache,omitempty"`
	Route      int                   `json:"route,omitempty"`
	Status     int                   `json:"status"`
	StatusText string                `json:"statusText,omitempty"`
	Type       string                `json:"type,omitempty"`
	Headers    []Header              `json:"headers,omitempty"`
	Body       Body                  `json:"body"`
	Error      string                `json:"error,omitempty"`
	Thrown     []string              `json:"thrown,omitempty"` // exceptions that nothing caught
	Writes     []Write               `json:"writes,omitempty"`
	Steps      []inspector.TraceStep `json:"steps,omitempty"`
}

// Header is a response header.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Body is a response's body.
type Body struct {
	Hash    string `json:"hash,omitempty"` // "sha256:…"; empty when the bytes are not known
	Size    int64  `json:"size"`           // -1 unknown
	Missing string `json:"missing,omitempty"`
	bytes   []byte
}

// Bytes are the body's, nil when they are not at hand. They are not in the JSON.
func (b Body) Bytes() []byte { return b.bytes }

// SetBytes puts them at hand.
func (b *Body) SetBytes(p []byte) { b.bytes = p }

// Write is a change of a cache.
type Write struct {
	Cache     string `json:"cache"`
	URL       string `json:"url,omitempty"` // empty: the cache itself
	Operation string `json:"operation"`     // put, delete, changed
}

// Asked is a request to the network.
type Asked struct {
	Method string `json:"method"`
	URL    string `json:"url"`
	// How it was answered: "recorded", "script", "live", "cache snapshot",
	// "without body" (status and headers only), "unanswered".
	How string `json:"how"`
	Row string `json:"row,omitempty"` // the row that answered
}

// Difference is a place where two answers differ.
type Difference struct {
	Field    string `json:"field"` // a Field…, or "header:name"
	Recorded string `json:"recorded"`
	Replayed string `json:"replayed"`
	Rule     Rule   `json:"rule,omitempty"` // empty: unexplained
	// Diff is of bodies: how they differ.
	Diff *BodyDiff `json:"diff,omitempty"`
}

// BodyDiff is how two bodies differ. Kind is "text", "json" or "bytes".
type BodyDiff struct {
	Kind  string     `json:"kind"`
	Lines []DiffLine `json:"lines,omitempty"` // of text: the changed lines with some around them
	Paths []DiffPath `json:"paths,omitempty"` // of JSON
	More  bool       `json:"more,omitempty"`  // there is more than is listed
}

// DiffLine is one line of a text diff. Op is " ", "-" or "+"; "…" stands for lines left out.
type DiffLine struct {
	Op   string `json:"op"`
	Text string `json:"text"`
}

// DiffPath is a value of a JSON document that differs; empty is absent.
type DiffPath struct {
	Path     string `json:"path"` // "$.items[2].price"
	Recorded string `json:"recorded,omitempty"`
	Replayed string `json:"replayed,omitempty"`
}

// Rules that the differences belong to, each once.
func (r *Result) Rules() []Rule {
	var rules []Rule
	for _, d := range r.Differences {
		known := d.Rule == ""
		for _, have := range rules {
			known = known || have == d.Rule
		}
		if !known {
			rules = append(rules, d.Rule)
		}
	}
	return rules
}

// Differs are the fields that differ and that no rule explains.
func (r *Result) Differs() []string {
	var fields []string
	for _, d := range r.Differences {
		if d.Rule == "" {
			fields = append(fields, d.Field)
		}
	}
	return fields
}

// Summary counts results. Its JSON names are stable.
type Summary struct {
	Recording     string          `json:"recording,omitempty"`
	Script        string          `json:"script,omitempty"`
	Shard         string          `json:"shard,omitempty"`         // "1/4": only that part of the events
	MissingShards []string        `json:"missingShards,omitempty"` // of a merge: those that are not there
	InstallFailed bool            `json:"installFailed,omitempty"` // the script given did not install
	Events        int             `json:"events"`
	Equal         int             `json:"equal"`
	Different     int             `json:"different"`
	Explained     int             `json:"explained"`
	Unanswered    int             `json:"unanswered"`
	NotReplayable int             `json:"notReplayable"`
	Crashed       int             `json:"crashed"`
	Varying       int             `json:"varying,omitempty"` // events whose answer depends on the seed
	Rules         map[Rule]int    `json:"rules,omitempty"`
	Requests      []Asked         `json:"unansweredRequests,omitempty"` // each once
	Skipped       map[string]int  `json:"skipped,omitempty"`            // rows that are no events, by reason
	Problems      []string        `json:"problems,omitempty"`
	Lifecycle     []LifecycleStep `json:"lifecycle,omitempty"`
	Seconds       float64         `json:"seconds"`
}

// LifecycleStep is a thing that became of a script in the replay: "installed",
// "install failed", "activated", "waiting".
type LifecycleStep struct {
	At      time.Time `json:"at"`
	Scope   string    `json:"scope"`
	Version string    `json:"version"`
	Step    string    `json:"step"`
	Why     string    `json:"why,omitempty"`
}

// Add counts a result.
func (s *Summary) Add(r *Result) {
	s.Events++
	switch r.Verdict {
	case Equal:
		s.Equal++
	case Different:
		s.Different++
	case Explained:
		s.Explained++
	case Unanswered:
		s.Unanswered++
	case NotReplayable:
		s.NotReplayable++
	case Crashed:
		s.Crashed++
	}
	if len(r.Varies) > 0 {
		s.Varying++
	}
	for _, rule := range r.Rules() {
		if s.Rules == nil {
			s.Rules = map[Rule]int{}
		}
		s.Rules[rule]++
	}
	for _, a := range r.Asked {
		if a.How == asMissing {
			s.Ask(a)
		}
	}
}

const maxRequests = 1000

// Ask notes a request that was not answered, once.
func (s *Summary) Ask(a Asked) {
	for _, known := range s.Requests {
		if known.Method == a.Method && known.URL == a.URL {
			return
		}
	}
	if len(s.Requests) < maxRequests {
		s.Requests = append(s.Requests, a)
	}
}

// OK reports whether nothing differs that has no explanation, nothing was left
// unanswered and nothing crashed, the script given was installed, and there was something
// to replay. What could not be replayed does not count, unless it is all there is.
func (s *Summary) OK() bool {
	if s.InstallFailed || len(s.MissingShards) > 0 || s.Events == 0 && s.Shard == "" {
		return false
	}
	if s.NotReplayable > 0 && s.NotReplayable == s.Events {
		return false
	}
	return s.Different == 0 && s.Unanswered == 0 && s.Crashed == 0
}
