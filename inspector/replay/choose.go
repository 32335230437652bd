package replay

import (
	"net/http"
	"strings"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// choose finds the recorded answer to a request: of the event that runs, else the next
// one that was not given yet, else the last one before now, else any.
func (n *network) choose(q *http.Request, url string) *fetches.Fetch {
	candidates := n.r.answers[answerKey(q.Method, url)]
	if len(candidates) == 0 && q.Method == http.MethodHead {
		candidates = n.r.answers[answerKey(http.MethodGet, url)]
	}
	if len(candidates) == 0 {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	var best *fetches.Fetch
	rank := -1000
	for _, row := range candidates {
		if got := n.rank(row, q); got > rank || got == rank && (got+100*rankVaries)%rankVaries == rankBefore {
			best, rank = row, got
		}
	}
	if best != nil {
		n.used[best.ID] = true
	}
	return best
}

// How well a recorded answer fits, the best last.
const (
	rankAny = 1 + iota
	rankBefore
	rankNext
	rankOwn
	// rankVaries is added when the headers that the answer varies by are the same.
	rankVaries = 10
)

func (n *network) rank(row *fetches.Fetch, q *http.Request) int {
	rank := rankAny
	used := n.used[row.ID]
	switch {
	case !used && n.event != "" && (row.Parent == n.event || row.ID == n.event):
		rank = rankOwn
	case !used && !row.Began.Before(n.now) && !n.latest:
		rank = rankNext
	case !row.Began.After(n.now):
		rank = rankBefore
	}
	if bodiless(row) {
		rank -= 2 * rankVaries
	}
	if varies(row, q) {
		rank += rankVaries
	}
	return rank
}

// bodiless reports whether a row has no body that it should have.
func bodiless(f *fetches.Fetch) bool {
	if f.Status == 0 || f.ResponseBody.Hash != "" || f.Method == http.MethodHead || fetch.NullBodyStatus(f.Status) || fetch.RedirectStatus(f.Status) {
		return false
	}
	return f.ResponseBody.Size != 0
}

// varies reports whether the request asks as the recorded one did, by the headers that
// the answer varies by and by its range.
func varies(row *fetches.Fetch, q *http.Request) bool {
	return header(row.RequestHeaders, "Range") == q.Header.Get("Range") && sameVariant(row.ResponseHeaders, row.RequestHeaders, q)
}

// sameVariant reports whether a request has the headers that an answer varies by as the
// request of that answer had them.
func sameVariant(answer, request []inspector.Header, q *http.Request) bool {
	for _, h := range answer {
		if !strings.EqualFold(h.Name, "Vary") {
			continue
		}
		for name := range strings.SplitSeq(h.Value, ",") {
			name = strings.TrimSpace(name)
			if name != "" && name != "*" && !wireRequestHeaders[strings.ToLower(name)] && header(request, name) != q.Header.Get(name) {
				return false
			}
		}
	}
	return true
}

func header(l []inspector.Header, name string) string {
	for _, h := range l {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}
