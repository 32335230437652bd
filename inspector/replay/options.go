package replay

import (
	"net/http"
	"time"
)

// CacheState is which caches a world begins with.
type CacheState string

// The states.
const (
	CachesRecorded CacheState = "recorded" // as they were at the moment
	CachesNone     CacheState = "none"     // none at all
)

// Options of a replay. The zero Options ask whether the engine answers as the browser
// did.
type Options struct {
	// Filter chooses events, in the language of fetches.Query.
	Filter string
	// Shard of Shards replays a part of the events, in recorded order; 0 of 0 all of
	// them. Shards are numbered from 1.
	Shard, Shards int
	// Only, when set, are the rows to replay, by ID.
	Only map[string]bool

	// Script stands in for the recorded scripts of ScriptURL; nil: none does. Type is
	// "classic" or "module" ("": by its source), Imports the sources of what it imports,
	// by URL; others are those of the recording.
	Script    []byte
	ScriptURL string // "": that of the registration most events are of
	Scope     string // of the registration; "": the recorded one, or the folder of ScriptURL
	Type      string
	Imports   map[string][]byte
	// Lifecycle lets Script arrive as an update: the recorded worker is active and its
	// clients are open when the new one installs. Without it the new script has been
	// installed and activated before the first event, and controls every client.
	Lifecycle bool

	Caches      CacheState // "": CachesRecorded
	Offline     bool
	Slow        time.Duration // each request to the network takes that long, by the world's clock
	KillBetween bool          // workers are terminated after each event
	Overlap     bool          // events are under way together where they were recorded so
	Seed        uint64        // of Math.random, crypto and ids
	Repeat      int           // so many replays with other seeds; those that differ vary
	// Live answers requests that the recording has not seen; nil: they are unanswered.
	Live http.RoundTripper

	// IgnoreHeaders are response headers that are not compared, on top of
	// [DefaultIgnoreHeaders]; a name with a minus in front is compared after all.
	IgnoreHeaders []string
	// EventTimeout bounds an event, in the time of this machine: 30 s when 0.
	EventTimeout time.Duration
	// Baseline are answers that were accepted in the place of the recorded ones.
	Baseline *Baseline
	// Skip leaves out that many events of the shard: they were replayed before.
	Skip int
	// Started is told of each event before it is dispatched, with how many there are in
	// the shard; the result has nothing yet but what names it.
	Started func(r *Result, total int)
	// Progress is told after each event; it must not block.
	Progress func(done, total int)

	shift time.Duration // that the clock is late
}

// DefaultIgnoreHeaders are response headers that say when and by whom, not what.
var DefaultIgnoreHeaders = []string{
	"Date", "Age", "Server-Timing", "Expires", "X-Request-Id", "X-Runtime", "X-Timer", "X-Served-By", "X-Cache", "X-Cache-Hits",
	"X-Amz-Cf-Id", "X-Amz-Cf-Pop", "CF-Ray", "CF-Cache-Status", "Via", "Alt-Svc", "Report-To", "Nel", "Connection", "Keep-Alive",
	"Strict-Transport-Security",
}

// scripted reports whether another script stands in.
func (o *Options) scripted() bool { return o.Script != nil }
