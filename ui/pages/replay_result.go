package pages

import (
	"time"

	"github.com/swinspect/swinspect/inspector"
)

// ReplayResult is what came of one event of a replay, as the JSON of package replay
// has it: the page knows replays by their reports alone.
type ReplayResult struct {
	ID          string             `json:"id"`
	Seq         uint64             `json:"seq"`
	At          time.Time          `json:"at"`
	Kind        string             `json:"kind"`
	Method      string             `json:"method"`
	URL         string             `json:"url"`
	Scope       string             `json:"scope"`
	Verdict     string             `json:"verdict"`
	Reason      string             `json:"reason"`
	Differences []ReplayDifference `json:"differences"`
	NotCompared []string           `json:"notCompared"`
	Asked       []ReplayAsked      `json:"asked"`
	Recorded    *ReplayAnswer      `json:"recorded"`
	Replayed    *ReplayAnswer      `json:"replayed"`
	Took        time.Duration      `json:"took"`
}

// ReplayAnswer is what a client was told.
type ReplayAnswer struct {
	Decision   string                `json:"decision"`
	Source     string                `json:"source"`
	Cache      string                `json:"cache"`
	Route      int                   `json:"route"`
	Status     int                   `json:"status"`
	StatusText string                `json:"statusText"`
	Type       string                `json:"type"`
	Headers    []inspector.Header    `json:"headers"`
	Body       ReplayBody            `json:"body"`
	Error      string                `json:"error"`
	Thrown     []string              `json:"thrown"`
	Writes     []ReplayWrite         `json:"writes"`
	Steps      []inspector.TraceStep `json:"steps"`
}

// ReplayBody is a body by its hash.
type ReplayBody struct {
	Hash    string `json:"hash"`
	Size    int64  `json:"size"`
	Missing string `json:"missing"`
}

// ReplayWrite is a change of a cache.
type ReplayWrite struct {
	Cache     string `json:"cache"`
	URL       string `json:"url"`
	Operation string `json:"operation"`
}

// ReplayAsked is a request to the network.
type ReplayAsked struct {
	Method string `json:"method"`
	URL    string `json:"url"`
	How    string `json:"how"`
}

// ReplayDifference is a place where two answers differ.
type ReplayDifference struct {
	Field    string      `json:"field"`
	Recorded string      `json:"recorded"`
	Replayed string      `json:"replayed"`
	Rule     string      `json:"rule"`
	Diff     *ReplayDiff `json:"diff"`
}

// ReplayDiff is how two bodies differ.
type ReplayDiff struct {
	Kind  string `json:"kind"`
	Lines []struct {
		Op   string `json:"op"`
		Text string `json:"text"`
	} `json:"lines"`
	Paths []struct {
		Path     string `json:"path"`
		Recorded string `json:"recorded"`
		Replayed string `json:"replayed"`
	} `json:"paths"`
	More bool `json:"more"`
}

// ReplaySummary counts results.
type ReplaySummary struct {
	Events        int              `json:"events"`
	Equal         int              `json:"equal"`
	Different     int              `json:"different"`
	Explained     int              `json:"explained"`
	Unanswered    int              `json:"unanswered"`
	NotReplayable int              `json:"notReplayable"`
	Crashed       int              `json:"crashed"`
	Rules         map[string]int   `json:"rules"`
	Requests      []ReplayAsked    `json:"unansweredRequests"`
	Skipped       map[string]int   `json:"skipped"`
	Problems      []string         `json:"problems"`
	Lifecycle     []ReplayLifeStep `json:"lifecycle"`
	Seconds       float64          `json:"seconds"`
}

// ReplayLifeStep is what became of a script in the replay.
type ReplayLifeStep struct {
	Scope   string `json:"scope"`
	Version string `json:"version"`
	Step    string `json:"step"`
	Why     string `json:"why"`
}

// Add counts a result.
func (s *ReplaySummary) Add(r *ReplayResult) {
	s.Events++
	switch r.Verdict {
	case "equal":
		s.Equal++
	case "different":
		s.Different++
	case "explained":
		s.Explained++
	case "unanswered":
		s.Unanswered++
	case "crashed":
		s.Crashed++
	default:
		s.NotReplayable++
	}
}

// Slim drops what an equal result need not show in full.
func (r *ReplayResult) Slim() {
	for _, a := range []*ReplayAnswer{r.Recorded, r.Replayed} {
		if a != nil {
			a.Headers, a.Steps = nil, nil
		}
	}
}
