package inspector

import (
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/dunglas/go-urlpattern"
)

// RouteRequest is a request to try static routing rules on. An empty Method is
// GET; empty Mode, Destination and Running mean that they are not known, and
// conditions on them have the result Unknown.
type RouteRequest struct {
	URL         string
	Method      string
	Mode        string // navigate, same-origin, no-cors, cors
	Destination string // document, image, script … ("" unknown, "empty" for fetch())
	Running     string // CDP's running status of the worker, or "not-running"
	Base        string // script URL: relative patterns resolve against it
}

// RouteCheck is one condition of a rule, with what the request had.
type RouteCheck struct {
	Field  string // urlPattern, requestMethod, requestMode, requestDestination, runningStatus, or, not
	Want   string
	Got    string
	Result StepResult // Pass, Fail, Unknown
	Detail string
	Of     []RouteCheck // what an "or" or "not" is made of
}

// RouteResult is what came of one rule.
type RouteResult struct {
	Route  Route
	Result StepResult // Pass, Fail, Unknown, NotReached
	Checks []RouteCheck
	Why    string // the first condition that failed, in words; "" when none did
}

// RouteReport is the answer of [MatchRoutes].
type RouteReport struct {
	Verdict string
	Winner  int // index of the rule that decides, -1 when none does for sure
	Rules   []RouteResult
}

// MatchRoutes tells which static routing rule decides over a request and why
// the others do not: W3C Service Workers, Get Router Source and Match Router
// Condition. The first matching rule decides; later ones are looked at as well,
// to show what they would say, but are NotReached.
func MatchRoutes(routes []Route, q RouteRequest) RouteReport {
	if q.Method == "" {
		q.Method = "GET"
	}
	r := RouteReport{Winner: -1}
	unsure := -1
	for i, route := range routes {
		res := RouteResult{Route: route, Checks: checks(route.Condition, q)}
		res.Result = all(res.Checks)
		res.Why = firstFailed(res.Checks)
		switch {
		case r.Winner >= 0:
			res.Result = NotReached
		case res.Result == Pass:
			r.Winner = i
		case res.Result == Unknown && unsure < 0:
			unsure = i
		}
		r.Rules = append(r.Rules, res)
	}
	r.Verdict = routeVerdict(r, unsure)
	if unsure >= 0 {
		r.Winner = -1
	}
	return r
}

func routeVerdict(r RouteReport, unsure int) string {
	otherwise := "no rule matches, so the fetch handler is asked"
	if r.Winner >= 0 {
		otherwise = fmt.Sprintf("rule %d decides: %s", r.Rules[r.Winner].Route.ID, sourceWords(r.Rules[r.Winner].Route.Source))
	}
	if unsure >= 0 {
		u := r.Rules[unsure]
		return fmt.Sprintf("Cannot be told: rule %d depends on %s. If it does not match, %s.", u.Route.ID, unknownField(u.Checks), otherwise)
	}
	if len(r.Rules) == 0 {
		return "There are no rules: the fetch handler is asked."
	}
	return upperFirst(otherwise) + "."
}

// sourceWords is what a source means for the request.
func sourceWords(s RouteSource) string {
	switch s.Type {
	case "network":
		return "it goes to the network, the worker is not asked"
	case "fetch-event":
		return "the fetch handler is asked"
	case "cache":
		if s.CacheName != "" {
			return "it is looked up in the cache " + s.CacheName + ", and goes to the network when it is not there"
		}
		return "it is looked up in all caches, and goes to the network when it is not there"
	case "race-network-and-fetch-handler":
		return "the network and the fetch handler race"
	case "race-network-and-cache":
		return "the network and the cache race"
	}
	return "source " + s.Type
}

// checks puts a request to every condition of a rule.
func checks(c RouteCondition, q RouteRequest) []RouteCheck {
	var cs []RouteCheck
	if c.URLPattern != "" {
		cs = append(cs, checkPattern(c.URLPattern, q))
	}
	if c.RequestMethod != "" {
		cs = append(cs, checkWord("requestMethod", strings.ToUpper(c.RequestMethod), strings.ToUpper(q.Method)))
	}
	if c.RequestMode != "" {
		cs = append(cs, checkWord("requestMode", c.RequestMode, q.Mode))
	}
	if c.RequestDestination != "" {
		cs = append(cs, checkWord("requestDestination", c.RequestDestination, q.Destination))
	}
	if c.RunningStatus != "" {
		cs = append(cs, checkWord("runningStatus", c.RunningStatus, routerRunning(q.Running)))
	}
	if len(c.Or) > 0 {
		cs = append(cs, checkOr(c.Or, q))
	}
	if c.Not != nil {
		cs = append(cs, checkNot(*c.Not, q))
	}
	return cs
}

// routerRunning is a running status in the router's two words.
func routerRunning(s string) string {
	switch s {
	case "", "running", "not-running":
		return s
	}
	return "not-running"
}

func checkWord(field, want, got string) RouteCheck {
	c := RouteCheck{Field: field, Want: want, Got: got, Result: Pass}
	switch {
	case got == "":
		c.Result, c.Detail = Unknown, "not known of this request"
	case want != got:
		c.Result = Fail
	}
	return c
}

func checkOr(or []RouteCondition, q RouteRequest) RouteCheck {
	c := RouteCheck{Field: "or", Want: "one of them", Result: Fail}
	for i, o := range or {
		of := checks(o, q)
		one := RouteCheck{Field: fmt.Sprintf("or %d", i+1), Result: all(of), Of: of}
		c.Of = append(c.Of, one)
		switch {
		case one.Result == Pass:
			c.Result = Pass
		case one.Result == Unknown && c.Result == Fail:
			c.Result = Unknown
		}
	}
	return c
}

func checkNot(not RouteCondition, q RouteRequest) RouteCheck {
	c := RouteCheck{Field: "not", Want: "not so", Of: checks(not, q)}
	switch all(c.Of) {
	case Pass:
		c.Result = Fail
	case Fail:
		c.Result = Pass
	default:
		c.Result = Unknown
	}
	return c
}

// all is the conjunction of checks: one Fail fails.
func all(cs []RouteCheck) StepResult {
	result := Pass
	for _, c := range cs {
		switch c.Result {
		case Fail:
			return Fail
		case Unknown:
			result = Unknown
		default:
		}
	}
	return result
}

func firstFailed(cs []RouteCheck) string {
	for _, c := range cs {
		if c.Result == Fail {
			return c.words()
		}
	}
	return ""
}

func unknownField(cs []RouteCheck) string {
	for _, c := range cs {
		if c.Result == Unknown {
			if f := unknownField(c.Of); f != "" {
				return f
			}
			if c.Detail != "" {
				return c.Field + " (" + c.Detail + ")"
			}
			return c.Field
		}
	}
	return ""
}

func (c RouteCheck) words() string {
	switch c.Field {
	case "or":
		return "none of the or conditions holds"
	case "not":
		return "the not condition holds"
	case "urlPattern":
		if c.Detail != "" {
			return "urlPattern: " + c.Detail
		}
		return "the URL does not match " + c.Want
	}
	return fmt.Sprintf("%s is %s, not %s", c.Field, c.Got, c.Want)
}

// checkPattern tests the URL against a URLPattern: a pattern string, or the
// JSON of a URLPatternInit.
func checkPattern(text string, q RouteRequest) RouteCheck {
	c := RouteCheck{Field: "urlPattern", Want: text, Got: q.URL, Result: Fail}
	matches, err := testPattern(text, q)
	switch {
	case err != nil:
		c.Result, c.Detail = Unknown, "the pattern cannot be evaluated here: "+err.Error()
	case matches:
		c.Result = Pass
	}
	return c
}

// testPattern evaluates a pattern. It comes from a page: whatever it does to the
// library is an error here.
func testPattern(text string, q RouteRequest) (matches bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			matches, err = false, fmt.Errorf("urlpattern: %v", r)
		}
	}()
	p, err := compilePattern(text, q.Base)
	if err != nil {
		return false, err
	}
	return p.Test(q.URL, ""), nil
}

// compilePattern makes a pattern of either form.
func compilePattern(text, base string) (*urlpattern.URLPattern, error) {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return urlpattern.New(text, base, nil)
	}
	w, ok := decode[wirePattern](jsonv2.Value(text))
	if !ok {
		return urlpattern.New(text, base, nil) // "{" can also begin a pattern's group
	}
	init := w.init(base)
	return init.New(nil)
}

// wirePattern is a URLPatternInit (or a serialised URLPattern) as JSON.
type wirePattern struct {
	Protocol *string `json:"protocol"`
	Username *string `json:"username"`
	Password *string `json:"password"`
	Hostname *string `json:"hostname"`
	Port     *string `json:"port"`
	Pathname *string `json:"pathname"`
	Search   *string `json:"search"`
	Hash     *string `json:"hash"`
	BaseURL  *string `json:"baseURL"`
}

// init completes a dictionary as addRoutes does: relative to the script's URL. A
// pattern that Chromium has completed already names all parts, so it stays.
func (w wirePattern) init(base string) *urlpattern.URLPatternInit {
	i := &urlpattern.URLPatternInit{
		Protocol: w.Protocol, Username: w.Username, Password: w.Password, Hostname: w.Hostname,
		Port: w.Port, Pathname: w.Pathname, Search: w.Search, Hash: w.Hash, BaseURL: w.BaseURL,
	}
	if i.BaseURL == nil && base != "" {
		i.BaseURL = &base
	}
	return i
}
