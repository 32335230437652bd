package pages

import (
	"net/url"
	"time"

	"github.com/swinspect/swinspect/inspector/recording"
	"github.com/swinspect/swinspect/ui/components"
)

// RecordingsView is the list of recordings.
type RecordingsView struct {
	Folder    string
	Rows      []RecordingRow
	Error     string
	Confirm   string // file that is about to be deleted, "" none
	CanReplay bool
	Problem   *components.Notice
}

// RecordingRow is a recording in the list.
type RecordingRow struct {
	Name     string
	Bytes    int64
	Modified time.Time
	From, To time.Time
	Meta     recording.Meta
	Fetches  int
	URL      string // where it is open, "" it is not
	Writing  bool   // it is being recorded
	Problem  string // why it cannot be opened
}

func (r RecordingRow) state() components.State {
	switch {
	case r.Writing:
		return components.State{Icon: "record", Word: "recording", Class: "bad"}
	case r.Problem != "":
		return components.State{Icon: "error", Word: "cannot be read", Class: "bad"}
	case r.Meta.Ended == "":
		return components.State{Icon: "warn", Word: "cut short", Class: "wait"}
	case r.URL != "":
		return components.State{Icon: "open", Word: "open", Class: "ok"}
	}
	return components.State{Icon: "tape", Word: string(r.Meta.Mode), Class: "idle"}
}

func (r RecordingRow) span() string {
	if r.From.IsZero() {
		return ""
	}
	return components.Span(r.To.Sub(r.From))
}

func (r RecordingRow) secrets() string {
	if r.Meta.Redacted {
		return "replaced"
	}
	return "kept"
}

// MomentsView is what changed between two moments of a recording.
type MomentsView struct {
	Address  components.Address
	From, To time.Time
	A, B     time.Time
	Changes  []MomentChange
	Diff     *recording.Difference
	Error    string
}

// MomentChange is a change that a moment can be set to.
type MomentChange struct {
	Time time.Time
	What string
}

func diffState(c recording.Change) components.State {
	switch c {
	case recording.Added:
		return components.State{Icon: "plus", Word: "added", Class: "ok"}
	case recording.Removed:
		return components.State{Icon: "minus", Word: "removed", Class: "bad"}
	}
	return components.State{Icon: "differs", Word: "changed", Class: "work"}
}

func (v MomentsView) summary() string {
	if v.Diff == nil || v.Diff.Empty() {
		return "Nothing changed between these two moments."
	}
	entries := 0
	for _, c := range v.Diff.Caches {
		entries += len(c.Entries)
	}
	return components.Count(len(v.Diff.Registrations), "registration", "registrations") + " and " +
		components.Count(len(v.Diff.Caches), "cache", "caches") + " changed, " + components.Count(entries, "entry", "entries") + " in all."
}

// maxEntryDiffs is how many entries of a cache are listed.
const maxEntryDiffs = 200

func shownEntries(all []recording.EntryDifference) []recording.EntryDifference {
	return all[:min(len(all), maxEntryDiffs)]
}

// listed reports whether a moment is one of the menu's.
func (v MomentsView) listed(at int64) bool {
	if at == v.From.UnixMilli() || at == v.To.UnixMilli()+1 {
		return true
	}
	for _, c := range v.Changes {
		if c.Time.UnixMilli() == at {
			return true
		}
	}
	return false
}

func timeOf(ms int64) time.Time { return time.UnixMilli(ms) }

func escapeQuery(s string) string { return url.QueryEscape(s) }
