package pages

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/explain"
	"github.com/swinspect/swinspect/inspector/fetches"
	"strconv"
	"time"

	"github.com/swinspect/swinspect/ui/components"
)

// ResendView is the form that sends a request again.
type ResendView struct {
	Method, URL, Headers, Body, Mode string
	BodyNote                         string // why the body is not in the form
	Runs                             []Choice
	Run                              string
	NoRuns                           string // why there is nowhere to run it
	Result                           *ResendResult
}

// Choice is an option of a menu.
type Choice struct{ Value, Label string }

// ResendResult is what came of a request that was sent again.
type ResendResult struct {
	At      time.Time
	Running bool
	Error   string // why it was not sent
	Status  int
	Failed  string // the response is an error
	Words   string
	Rows    []ComparedRow
	Dropped string // headers that could not be sent
	Chain   []ChainLink
}

// ComparedRow is a fact before and now.
type ComparedRow struct {
	Name, Before, After string
	Differs             bool
}

var (
	resendMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
	resendModes   = []string{"navigate", "cors", "no-cors", "same-origin"}
)

// State is the result as glyph, word and colour.
func (r *ResendResult) State() components.State {
	switch {
	case r.Failed != "":
		return components.State{Icon: "error", Word: "failed", Class: "bad"}
	case r.Status == 0:
		return components.State{Icon: "confirmed", Word: "opaque", Class: "wait"}
	case r.Status >= 400:
		return components.State{Icon: "error", Word: strconv.Itoa(r.Status), Class: "bad"}
	}
	return components.State{Icon: "confirmed", Word: strconv.Itoa(r.Status), Class: "ok"}
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// dullHeaders are headers of which a difference says little: they are left out.
var dullHeaders = map[string]bool{"date": true, "age": true, "expires": true, "server-timing": true, "x-request-id": true}

// NewResendResult compares what came with what was seen.
func NewResendResult(was *fetches.Fetch, now *inspector.Resent, before []byte, chain []ChainLink) *ResendResult {
	r := &ResendResult{Status: now.Status, Failed: now.Error, Chain: chain}
	r.Words = resentWords(now)
	row := func(name, a, b string, compare bool) {
		if a != "" || b != "" {
			r.Rows = append(r.Rows, ComparedRow{Name: name, Before: a, After: b, Differs: compare && a != b})
		}
	}
	status, _ := statusWord(was)
	row("status", status, statusOf(now), true)
	if now.Source != "" {
		row("source", string(was.Source), now.Source, was.Source != fetches.FromUnknown)
	}
	row("type", was.ResponseType, now.Type, was.ResponseType != "" && now.Type != "")
	row("body", bodyWords(was, before), bodyNow(was, now, before), before != nil && now.Error == "" && now.Type != "opaque")
	for _, name := range eitherNames(was.ResponseHeaders, now.Headers) {
		a, b := HeaderValue(was.ResponseHeaders, name), HeaderValue(now.Headers, name)
		if a != b && !dullHeaders[name] {
			row(name, a, b, true)
		}
	}
	if len(now.NotSent) > 0 {
		r.Dropped = "Not sent, because a page may not set them: " + strings.Join(now.NotSent, ", ") + "."
	}
	return r
}

func statusOf(now *inspector.Resent) string {
	switch {
	case now.Error != "":
		return "failed"
	case now.Status == 0:
		return "opaque"
	}
	return strconv.Itoa(now.Status)
}

func resentWords(now *inspector.Resent) string {
	if now.Error != "" {
		return visible(now.Error)
	}
	words := components.Bytes(float64(len(now.Body))) + " in " + components.Span(now.Took)
	if now.WorkerKnown {
		if now.FromWorker {
			return "from the worker, " + words
		}
		return "past the worker, " + words
	}
	return words
}

func bodyWords(was *fetches.Fetch, before []byte) string {
	switch {
	case before != nil:
		return components.Bytes(float64(len(before)))
	case was.ResponseBody.Size >= 0:
		return components.Bytes(float64(was.ResponseBody.Size)) + ", not kept"
	}
	return "not known"
}

// bodyNow is the new body, in words: that it is the same, or how it differs.
func bodyNow(_ *fetches.Fetch, now *inspector.Resent, before []byte) string {
	size := components.Bytes(float64(len(now.Body)))
	if before == nil || now.Error != "" || now.Type == "opaque" {
		return size
	}
	if bytes.Equal(before, now.Body) {
		return components.Bytes(float64(len(before))) // the same words: no difference
	}
	if isText(before) && isText(now.Body) && len(before) < 256<<10 && len(now.Body) < 256<<10 {
		return size + ", " + components.Count(changedLines(string(before), string(now.Body)), "line differs", "lines differ")
	}
	return size + ", other bytes"
}

// changedLines is how many lines two texts do not have in common.
func changedLines(a, b string) int {
	count := map[string]int{}
	for line := range strings.SplitSeq(a, "\n") {
		count[line]++
	}
	extra := 0
	for line := range strings.SplitSeq(b, "\n") {
		if count[line] > 0 {
			count[line]--
		} else {
			extra++
		}
	}
	missing := 0
	for _, n := range count {
		missing += n
	}
	return max(extra, missing)
}

// headerNames are the names of headers of either list, lower case.
func eitherNames(lists ...[]inspector.Header) []string {
	seen := map[string]bool{}
	for _, hs := range lists {
		for _, h := range hs {
			seen[strings.ToLower(h.Name)] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// TracedChain lays the steps of an engine out.
func TracedChain(steps []inspector.TraceStep) []ChainLink {
	return NewChain(explain.Fetch(&fetches.Fetch{Steps: steps}, explain.World{}))
}
