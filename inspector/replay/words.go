package replay

// Verdict is what came of one event.
type Verdict string

// The verdicts.
const (
	Equal         Verdict = "equal"
	Different     Verdict = "different"      // at least one difference has no rule
	Explained     Verdict = "explained"      // it differs, and each difference belongs to a rule
	Unanswered    Verdict = "unanswered"     // the worker asked for what the recording has not seen
	NotReplayable Verdict = "not-replayable" // see Result.Reason
	Crashed       Verdict = "crashed"        // the process that replayed it ended
)

// Verdicts are all of them.
var Verdicts = []Verdict{Equal, Different, Explained, Unanswered, NotReplayable, Crashed}

// Rule names why a difference is none of the script's making.
type Rule string

// The rules. docs/replay.md has a paragraph on each.
const (
	// RuleIgnoredHeader: Options.IgnoreHeaders names it.
	RuleIgnoredHeader Rule = "ignored-header"
	// RuleRedacted: the recording has no secrets, so the value is not known.
	RuleRedacted Rule = "redacted"
	// RuleOpaque: of an opaque response one side shows what the other hides.
	RuleOpaque Rule = "opaque"
	// RuleHTTPCache: the replay has no HTTP cache; what it answered, the recorded network answers.
	RuleHTTPCache Rule = "http-cache"
	// RuleWireHeader: a header of the transfer (Content-Length, Transfer-Encoding …),
	// which the recording shows as it was on the wire.
	RuleWireHeader Rule = "wire-header"
	// RuleCancelled: the client went away before it had all of the answer.
	RuleCancelled Rule = "cancelled"
	// RuleErrorWords: both failed, and say so in other words.
	RuleErrorWords Rule = "error-words"
	// RuleInferred: the recorded side was concluded rather than seen.
	RuleInferred Rule = "inferred"
	// RuleVaries: two replays with other seeds or times differ in the same place.
	RuleVaries Rule = "varies"
	// RuleDecoded: only the body's form differs: the recorder kept text that the browser
	// had decoded.
	RuleDecoded Rule = "decoded"
	// RulePreload: a navigation preload and the network are the same answer.
	RulePreload Rule = "preload"
	// RuleOneVariant: Chromium keeps one entry per URL in a cache, the standard one per
	// variant, and this URL has several.
	RuleOneVariant Rule = "one-variant"
)

// Rules say in one sentence what each rule is.
var Rules = map[Rule]string{
	RuleIgnoredHeader: "the header is on the list of headers to ignore",
	RuleRedacted:      "the recording keeps no secrets: the recorded value is not known",
	RuleOpaque:        "an opaque response: one side shows what the other hides",
	RuleHTTPCache:     "the browser's HTTP cache answered; the replay has none and asks the recorded network",
	RuleWireHeader:    "a header of the transfer, which only the wire has",
	RuleCancelled:     "the client went away before it had the whole answer",
	RuleErrorWords:    "both failed, in other words",
	RuleInferred:      "the recorded side was concluded, not seen",
	RuleVaries:        "the answer depends on chance or time: two replays with other seeds differ as well",
	RuleDecoded:       "the recorder kept the body as decoded text",
	RulePreload:       "a navigation preload is an answer of the network",
	RuleOneVariant:    "Chromium keeps one variant of a URL in a cache, the standard keeps each",
}

// The fields of a Difference; a header's is "header:" and its name in lower case.
const (
	FieldStatus   = "status"
	FieldBody     = "body"
	FieldType     = "type"
	FieldSource   = "source"
	FieldCache    = "cache"
	FieldDecision = "decision"
	FieldError    = "error"
	FieldRoute    = "route"
	FieldWrites   = "cache-writes"
)
