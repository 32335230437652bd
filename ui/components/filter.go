package components

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"github.com/swinspect/swinspect/internal/filter"
)

// Filter is a table's filter field: terms as chips that can be taken out, and
// an input for the next one. It is a GET form: the terms are the parameter
// Param of the page's address.
type Filter struct {
	Address     Address
	Param       string // query parameter that holds the terms; Param+"+" adds to it
	ID          string // of the input: stable, so that updates keep the focus
	Label       string // what it filters, e.g. "Filter entries"
	Placeholder string // an example term
	Keys        []string
	Suggest     []string // terms that the field completes to; may be empty
	Typed       string   // the term that is being typed
	Chips       []filter.Term
	Query       filter.Query // all of it; empty when Err says why it is no filter
	Err         error

	terms filter.Query
}

// addParam is the parameter of the input, whose value is added to the terms.
func addParam(param string) string { return param + ".add" }

// NewFilter reads a filter from the address of a page.
func NewFilter(a Address, param, label, placeholder string, keys []string) Filter {
	f := Filter{
		Address: a, Param: param, ID: "q-" + strings.ReplaceAll(param, ".", "-"), Label: label, Placeholder: placeholder, Keys: keys,
		Typed: a.Query.Get(addParam(param)),
	}
	text := a.Query.Get(param)
	if f.terms, f.Err = filter.Parse(text, keys...); f.Err != nil {
		return f
	}
	f.Chips = f.terms.Terms()
	f.Query, f.Err = filter.Parse(joinTerms(text, f.Typed), keys...)
	if f.Err != nil {
		f.Query = f.terms // what is being typed does not empty the table
	}
	return f
}

func joinTerms(a, b string) string {
	return strings.TrimSpace(strings.TrimSpace(a) + " " + strings.TrimSpace(b))
}

// Canonical redirects a request that adds terms to the address that has them,
// so that an address is never added to twice. It reports whether it did. While
// a term is being typed the stream asks for the page with it: that is no moment
// to move.
func Canonical(w http.ResponseWriter, r *http.Request, params ...string) bool {
	if Streaming(r.Context()) {
		return false
	}
	q := r.URL.Query()
	found := false
	for _, p := range params {
		if add, ok := q[addParam(p)]; ok {
			found = true
			q.Set(p, joinTerms(q.Get(p), strings.Join(add, " ")))
			if q.Get(p) == "" {
				q.Del(p)
			}
			q.Del(addParam(p))
		}
	}
	if !found {
		return false
	}
	u := url.URL{Path: r.URL.Path, RawQuery: q.Encode()}
	http.Redirect(w, r, u.String(), http.StatusSeeOther)
	return true
}

// without is the address with term i taken out.
func (f Filter) without(i int) templ.SafeURL {
	return f.Address.With(f.Param, f.terms.Without(i).String(), addParam(f.Param), "", "from", "")
}

// clear is the address without the filter.
func (f Filter) clear() templ.SafeURL {
	return f.Address.With(f.Param, "", addParam(f.Param), "", "from", "")
}

// chipKey is the field of a term with a minus where it is negated: "−url:".
func chipKey(t filter.Term) string {
	key := ""
	if t.Negated {
		key = "−"
	}
	if t.Key != "" {
		key += t.Key + ":"
	}
	return key
}

func (f Filter) listID() string { return f.ID + "-terms" }
