package explain

import (
	"cmp"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
)

// Asked is a request that nobody made yet.
type Asked struct {
	Method, URL       string
	Mode, Destination string             // empty: not known; Mode "navigate" is a navigation
	Headers           []inspector.Header // as the page would give them
	// Page is the URL of the document that asks; empty: a document of the same URL's
	// registration.
	Page              string
	Instance, Context string
}

// row is the request as a row of a fetch log that nothing is known of yet.
func (q Asked) row() *fetches.Fetch {
	r := &fetches.Fetch{
		Kind: fetches.KindFetch, URL: q.URL, Method: cmp.Or(q.Method, "GET"), Mode: q.Mode, Destination: q.Destination, RequestHeaders: q.Headers,
		Page: cmp.Or(q.Page, q.URL), Instance: q.Instance, Context: q.Context, Decision: fetches.Pending, Timing: fetches.NoTiming,
	}
	if q.Mode == "navigate" {
		r.Kind = fetches.KindNavigation
	}
	return r
}

// RegistrationOf is the registration that a request would be of, nil for none.
func RegistrationOf(s *inspector.State, q Asked) *inspector.Registration {
	return World{State: s}.registration(q)
}

// registration is whose the request would be, nil for nobody's.
func (w World) registration(q Asked) *inspector.Registration {
	f := fetched{r: q.row(), w: w}
	f.belongs()
	if w.State == nil || f.r.Registration == "" {
		return nil
	}
	return w.State.Registration(inspector.RegistrationKey{Instance: q.Instance, Context: q.Context, ID: f.r.Registration})
}

// Request says what would become of a request: whose worker it would go to, what the
// static routes say, and what the caches hold. What a handler does with it can only be
// seen when it runs.
func Request(q Asked, w World) Chain {
	r := q.row()
	c := Chain{Subject: r.Method + " " + r.URL}
	f := fetched{Chain: &c, r: r, w: w}
	f.belongs()
	f.registration()
	v := f.version()
	if v == nil {
		c.Verdict, c.Answer = string(fetches.NotControlled), "It would pass no service worker: no scope matches, or nothing is active there."
		return c
	}
	f.routes()
	if rule, ok := decided(c); ok {
		c.Verdict, c.Answer = string(fetches.RouteMatched), "A static route would decide, without the fetch handler: "+rule
		if !handled(c) {
			return c
		}
	}
	c.Verdict, c.Answer = string(fetches.Pending), "The fetch handler of #"+v.ID+" would be asked, if it has one. "
	f.would()
	last := c.Links[len(c.Links)-1]
	c.Answer += last.Answer
	return c
}

// belongs finds the registration by the longest scope.
func (f *fetched) belongs() {
	subject := f.r.URL
	if f.r.Kind != fetches.KindNavigation {
		subject = f.r.Page
	}
	all := scopes(f.w.State, f.r.Instance, f.r.Context, subject)
	for _, c := range all {
		if c.Result != inspector.Pass || f.w.State == nil {
			continue
		}
		for _, g := range f.w.State.Registrations {
			if g.Scope == c.Name && g.Alive() && g.Key.Instance == f.r.Instance && g.Key.Context == f.r.Context {
				f.r.Scope, f.r.Registration = g.Scope, g.Key.ID
				if v := g.Active(); v != nil {
					f.r.Version = v.ID
				}
				return
			}
		}
	}
}

// decided is what the winning rule does.
func decided(c Chain) (string, bool) {
	for _, l := range c.Links {
		if l.Algorithm != "Get Router Source" {
			continue
		}
		for _, r := range l.Candidates {
			if r.Result == inspector.Pass {
				return l.Answer, true
			}
		}
	}
	return "", false
}

// handled reports whether the winning rule asks the handler all the same.
func handled(c Chain) bool {
	for _, l := range c.Links {
		if l.Algorithm == "Get Router Source" && l.Details["source"] == "fetch-event" {
			return true
		}
	}
	return false
}
