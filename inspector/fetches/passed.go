package fetches

import (
	"strconv"
	"strings"
)

// unread is why a worker's answer has no body: the worker handed it on to the page as
// it came, and Chromium 156 often has none of it left for the worker's session then.
const unread = "the worker passed it on unread"

// passedOn mends the body of what a worker fetched and passed on: it is what its page
// got. The row of the worker's request or of the page's is at a position; which of the
// two has its body first is chance.
func (f *fold) passedOn(at int) {
	r := f.rows[at]
	if r.Kind != KindWorker {
		f.handDown(r)
		return
	}
	if r.ResponseBody.Missing != "" || r.ResponseBody.Size != 0 || lengthOf(r) <= 0 || r.Method == "HEAD" {
		return
	}
	f.change(at, func(r *Fetch) { r.ResponseBody = Body{Size: lengthOf(r), Missing: unread} })
	if i, ok := f.at[r.Parent]; ok {
		f.take(at, f.rows[i])
	}
}

// handDown gives the body of a page's answer to the worker's request that it came from.
func (f *fold) handDown(parent *Fetch) {
	const recent = 500
	for i := len(f.rows) - 1; i >= max(0, len(f.rows)-recent); i-- {
		if f.rows[i].Parent == parent.ID && f.rows[i].ResponseBody.Missing == unread {
			f.take(i, parent)
		}
	}
}

func (f *fold) take(at int, parent *Fetch) {
	r := f.rows[at]
	if parent.ResponseBody.Hash == "" || parent.ResponseBody.Size != r.ResponseBody.Size || parent.Source != FromNetwork {
		return
	}
	f.change(at, func(r *Fetch) {
		r.ResponseBody = parent.ResponseBody
		r.Inferred = append(without(r.Inferred, "responseBody"), "responseBody")
	})
}

// lengthOf is the length that a response says its body has; -1 when it does not, or
// when that is of its encoded form.
func lengthOf(r *Fetch) int64 {
	length := int64(-1)
	for _, h := range r.ResponseHeaders {
		switch strings.ToLower(h.Name) {
		case "content-length":
			if n, err := strconv.ParseInt(strings.TrimSpace(h.Value), 10, 64); err == nil {
				length = n
			}
		case "content-encoding":
			return -1
		}
	}
	return length
}
