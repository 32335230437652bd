package replay

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/inspector/recording"
)

// compare finds the differences of a result's two answers, the rule of each, and the
// verdict.
func (run *run) compare(w *world, result *Result, f *fetches.Fetch) {
	c := &comparison{run: run, world: w, result: result, row: f, a: result.Recorded, b: result.Replayed}
	if result.Recorded.Status == 0 && result.Recorded.Error == "" {
		result.Verdict, result.Reason = NotReplayable, "its answer was not recorded"
		return
	}
	c.all()
	if run.others != nil {
		result.Seeds, result.Varies = len(run.others)+1, run.varying(result.ID, result.Replayed)
		for i, d := range result.Differences {
			if d.Rule == "" && slices.Contains(result.Varies, d.Field) {
				result.Differences[i].Rule = RuleVaries
			}
		}
	}
	result.Verdict = Equal
	for _, d := range result.Differences {
		if d.Rule == "" {
			result.Verdict = Different
			break
		}
		result.Verdict = Explained
	}
	if missing := c.missing(); missing != "" && result.Verdict == Different {
		result.Verdict, result.Reason = Unanswered, missing
	}
}

// comparison is of two answers: a is the recorded one, b the replayed one.
type comparison struct {
	run    *run
	result *Result
	row    *fetches.Fetch
	a, b   *Answer
	cause  Rule // of a difference that others follow from; empty: none
	world  *world
}

// variants reports whether the cache that answered has several entries of the URL and
// the recording is of a browser that keeps but one.
func (c *comparison) variants() bool {
	if c.world == nil || !strings.Contains(c.run.recording.meta.Browser, "Chrom") {
		return false
	}
	m := c.world.memberOf(c.row)
	if m == nil || m.live == nil {
		return false
	}
	cache := c.world.context.Engine().CacheStorage(m.live.StorageKey()).Lookup(c.b.Cache)
	if cache == nil {
		return false
	}
	n := 0
	for _, e := range cache.Entries(0, 0) {
		if e.Request.URL().WithoutFragment() == withoutFragment(c.row.URL) {
			n++
		}
	}
	return n > 1
}

func withoutFragment(u string) string {
	base, _, _ := strings.Cut(u, "#")
	return base
}

// missing names a request that the recording could not answer.
func (c *comparison) missing() string {
	for _, q := range c.result.Asked {
		if q.How == asMissing || q.How == asBodiless {
			why := "the recording has no answer to " + q.Method + " " + q.URL
			if q.How == asBodiless {
				why = "the recording has no body of the answer to " + q.Method + " " + q.URL
			}
			if c.run.recording.meta.Mode == recording.Passive {
				why += " (a passive recording does not see what workers ask for: record with --full)"
			}
			return why
		}
	}
	return ""
}

func (c *comparison) differ(field, a, b string, rule Rule) {
	if rule == "" {
		rule = c.cause
	}
	c.result.Differences = append(c.result.Differences, Difference{Field: field, Recorded: a, Replayed: b, Rule: rule})
}

func (c *comparison) skip(field string) {
	if !slices.Contains(c.result.NotCompared, field) {
		c.result.NotCompared = append(c.result.NotCompared, field)
	}
}

func (c *comparison) inferred(field string) bool {
	return !c.result.accepted && c.row.IsInferred(field)
}

func (c *comparison) all() {
	c.decision()
	if c.failed() {
		return
	}
	c.source()
	if c.opaque() {
		c.skip("status")
		c.skip("headers")
	} else {
		c.status()
		c.headers()
	}
	c.body()
	c.writes()
}

func (c *comparison) decision() {
	a, b := c.a.Decision, c.b.Decision
	switch {
	case a == b && c.a.Route == c.b.Route:
		return
	case a == b:
		c.differ(FieldRoute, strconv.Itoa(c.a.Route), strconv.Itoa(c.b.Route), "")
		return
	case a == string(fetches.Unknown) || a == string(fetches.Pending):
		c.skip(FieldDecision)
		return
	case !c.result.accepted && (!c.row.Intercepted() && c.run.unseen || c.run.har() && c.inferred("decision")):
		c.skip(FieldDecision) // what the worker would have done is the question
		return
	case c.a.Error != "" && c.b.Error != "" && c.inferred("decision"):
		c.differ(FieldDecision, a, b, RuleInferred)
		return
	case isUnhandled(a) && isUnhandled(b) && c.inferred("decision"):
		c.differ(FieldDecision, a, b, RuleInferred)
		return
	}
	c.differ(FieldDecision, a, b, "")
}

// isUnhandled reports a decision after which the network was asked.
func isUnhandled(d string) bool {
	switch fetches.Decision(d) {
	case fetches.FellThrough, fetches.NoFetchHandler, fetches.EmptyFetchHandler, fetches.NotControlled:
		return true
	}
	return false
}

// failed compares errors; it reports whether that is all there is to compare.
func (c *comparison) failed() bool {
	a, b := c.a.Error, c.b.Error
	cancelled := gaveUp(a)
	switch {
	case a == "" && b == "":
		return false
	case a != "" && b != "" && c.a.Status == 0 && c.b.Status == 0:
		if a != b {
			c.differ(FieldError, a, b, RuleErrorWords)
		}
		return true
	case cancelled:
		c.differ(FieldError, a, b, RuleCancelled)
		return true
	case a != "" && c.a.Status != 0 && b == "":
		// The headers came, and then it broke off.
		c.differ(FieldError, a, b, RuleCancelled)
		c.skip(FieldBody)
		return false
	}
	c.differ(FieldError, a, b, "")
	if (a == "") != (b == "") {
		c.differ(FieldStatus, strconv.Itoa(c.a.Status), strconv.Itoa(c.b.Status), "")
	}
	return true
}

// opaque reports whether one of the answers hides its status and headers.
func (c *comparison) opaque() bool {
	hides := func(t string) bool { return strings.HasPrefix(t, "opaque") }
	return hides(c.a.Type) || hides(c.b.Type)
}

func (c *comparison) source() {
	a, b := c.a.Source, c.b.Source
	switch {
	case a == b && c.a.Cache == c.b.Cache, a == string(fetches.FromUnknown):
		if a == string(fetches.FromUnknown) {
			c.skip(FieldSource)
		}
	case a == b && c.a.Cache != "":
		c.differ(FieldCache, c.a.Cache, c.b.Cache, "")
	case a == b: // no name was told
		c.skip(FieldCache)
	case isNetwork(a) && isNetwork(b):
		rule := RuleHTTPCache
		if a == string(fetches.FromPreload) || b == string(fetches.FromPreload) {
			rule = RulePreload
		}
		c.differ(FieldSource, a, b, rule)
	case (c.run.unseen || c.run.har() && c.inferred("decision")) && !c.result.accepted:
		c.skip(FieldSource)
	case isNetwork(a) && b == string(fetches.FromCache) && c.variants():
		c.differ(FieldSource, a, b, RuleOneVariant)
		c.cause = RuleOneVariant
	default:
		c.differ(FieldSource, a, b, "")
	}
}

func isNetwork(s string) bool {
	switch fetches.Source(s) {
	case fetches.FromNetwork, fetches.FromHTTPCache, fetches.FromPreload:
		return true
	}
	return false
}

func (c *comparison) status() {
	if c.a.Status != c.b.Status {
		c.differ(FieldStatus, strconv.Itoa(c.a.Status), strconv.Itoa(c.b.Status), "")
	}
	if c.a.Type == "" || c.b.Type == "" {
		return
	}
	if c.a.Type != c.b.Type {
		c.differ(FieldType, c.a.Type, c.b.Type, "")
	}
}

func (c *comparison) body() {
	a, b := c.a.Body, c.b.Body
	if slices.Contains(c.result.NotCompared, FieldBody) {
		return
	}
	if a.Hash == "" || b.Hash == "" {
		if a.Size != 0 || b.Size != 0 {
			c.skip(FieldBody)
		}
		return
	}
	if a.Hash == b.Hash {
		return
	}
	d := Difference{Field: FieldBody, Recorded: bodyWords(a), Replayed: bodyWords(b)}
	d.Diff, d.Rule = c.diffBodies()
	d.Rule = cmp.Or(d.Rule, c.cause)
	c.result.Differences = append(c.result.Differences, d)
}

func bodyWords(b Body) string {
	hash := strings.TrimPrefix(b.Hash, "sha256:")
	return strconv.FormatInt(b.Size, 10) + " bytes, sha256 " + hash[:min(len(hash), 12)]
}

// writes compares what the event wrote into caches, where the recording tells.
func (c *comparison) writes() {
	if c.run.recording.meta.Mode != recording.Full || c.row.Decision == fetches.RouteMatched {
		if len(c.b.Writes) > 0 {
			c.skip(FieldWrites)
		}
		return
	}
	// The recorder sees the calls whose event it can tell: what it has seen must happen.
	a, b := writeSet(c.a.Writes), writeSet(c.b.Writes)
	if len(a) == 0 {
		if len(b) > 0 {
			c.skip(FieldWrites)
		}
		return
	}
	for _, w := range a {
		if !slices.Contains(b, w) {
			c.differ(FieldWrites, strings.Join(a, ", "), strings.Join(b, ", "), "")
			return
		}
	}
}

func writeSet(l []Write) []string {
	var out []string
	put := map[Write]bool{}
	for _, w := range l {
		if w.Operation == "put" {
			w.Operation = "delete"
			put[w] = true
		}
	}
	for _, w := range l {
		if w.URL != "" && !put[w] { // a put deletes what it replaces
			out = append(out, w.Operation+" "+w.URL+" in "+w.Cache)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
