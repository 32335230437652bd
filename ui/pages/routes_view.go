package pages

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

// RoutesView is the static routing rules of a version, and the tester.
type RoutesView struct {
	Address  components.Address
	Reg      *inspector.Registration
	Version  *inspector.Version
	Versions []VersionLink // those with rules, and the active one
	Rows     []RouteRow
	Filter   components.Filter
	Total    int
	Raw      string // rules that could not be read, as sent
	Test     RouteTest
}

// RouteRow is one rule.
type RouteRow struct {
	Index  int
	Route  inspector.Route
	Hints  []string
	Result *inspector.RouteResult // of the tester, nil when nothing was asked
	Winner bool
}

// RouteTest is the tester's question.
type RouteTest struct {
	URL, Method, Mode, Destination, Running string
	Asked                                   bool
	Report                                  inspector.RouteReport
	Class, Icon                             string // of the verdict
}

// RouteKeys are the filter keys of the rules.
var RouteKeys = []string{"id", "condition", "source", "cache", "is"}

// What the tester's menus offer; "" is not known.
var (
	routeModes        = []string{"navigate", "same-origin", "no-cors", "cors"}
	routeDestinations = []string{"document", "iframe", "script", "style", "image", "font", "audio", "video", "track", "manifest", "worker", "sharedworker", "embed", "object", "report", "json", "empty"}
	routeRunning      = []string{"running", "not-running"}
)

// NewRoutes lays out the rules of a version and answers the tester.
func NewRoutes(r *inspector.Registration, a components.Address, caches []string) RoutesView {
	v := RoutesView{Address: a, Reg: r, Version: ChooseVersion(r, a.Query.Get("version"))}
	v.Filter = components.NewFilter(a, "filter", "Filter rules", "source:cache", RouteKeys)
	for _, o := range slices.Backward(r.Versions) {
		if len(o.Routes) > 0 || o.RoutesRaw != "" || o == v.Version {
			v.Versions = append(v.Versions, VersionLink{Version: o, State: versionBadge(r, o), Current: o == v.Version})
		}
	}
	if v.Version == nil {
		return v
	}
	v.Raw = v.Version.RoutesRaw
	v.Total = len(v.Version.Routes)
	v.test()
	for i, route := range v.Version.Routes {
		row := RouteRow{Index: i, Route: route, Hints: routeHints(v.Version.Routes, i, caches)}
		if v.Test.Asked {
			row.Result = &v.Test.Report.Rules[i]
			row.Winner = v.Test.Report.Winner == i
		}
		if v.Filter.Query.Match(func(key string) []string { return routeField(row, key) }) {
			v.Rows = append(v.Rows, row)
		}
	}
	return v
}

func (v *RoutesView) test() {
	get := v.Address.Query.Get
	t := &v.Test
	*t = RouteTest{URL: get("t.url"), Method: strings.ToUpper(get("t.method")), Mode: get("t.mode"), Destination: get("t.dest"), Running: get("t.running")}
	if t.Method == "" {
		t.Method = "GET"
	}
	if t.URL == "" {
		return
	}
	t.Asked = true
	t.Report = inspector.MatchRoutes(v.Version.Routes, inspector.RouteRequest{
		URL: Absolute(t.URL, v.Reg.Scope), Method: t.Method, Mode: t.Mode, Destination: t.Destination, Running: t.Running, Base: v.Version.ScriptURL,
	})
	switch {
	case t.Report.Winner >= 0:
		t.Icon, t.Class = "d-route", "ok"
	case slices.ContainsFunc(t.Report.Rules, func(r inspector.RouteResult) bool { return r.Result == inspector.Unknown }):
		t.Icon, t.Class = "unanswered", "wait"
	default:
		t.Icon, t.Class = "d-respond", "idle"
	}
}

func routeField(r RouteRow, key string) []string {
	switch key {
	case "", "condition":
		return []string{r.Route.Condition.String()}
	case "id":
		return []string{strconv.FormatInt(r.Route.ID, 10)}
	case "source":
		return []string{r.Route.Source.String()}
	case "cache":
		return []string{r.Route.Source.CacheName}
	case "is":
		if len(r.Hints) > 0 {
			return []string{"doubtful"}
		}
		return []string{"fine"}
	}
	return nil
}

// routeHints says what is wrong or surprising about a rule.
func routeHints(routes []inspector.Route, i int, caches []string) []string {
	var hints []string
	r := routes[i]
	for _, before := range routes[:i] {
		if covers(before.Condition, r.Condition) {
			hints = append(hints, "never decides: rule "+strconv.FormatInt(before.ID, 10)+" matches all it matches, and comes first")
			break
		}
	}
	if never := impossible(r.Condition); never != "" {
		hints = append(hints, "never matches: "+never)
	}
	s := r.Source
	if s.Type == "cache" && s.CacheName != "" && caches != nil && !slices.Contains(caches, s.CacheName) {
		hints = append(hints, "there is no cache "+s.CacheName+" now, so its requests go to the network")
	}
	if universal(r.Condition) && (s.Type == "network" || s.Type == "cache") {
		hints = append(hints, "matches every request: no later rule and no fetch handler is asked")
	}
	return hints
}

// universal reports whether a condition does not constrain anything.
func universal(c inspector.RouteCondition) bool {
	return c.RequestMethod == "" && c.RequestMode == "" && c.RequestDestination == "" && c.RunningStatus == "" &&
		len(c.Or) == 0 && c.Not == nil && (c.URLPattern == "" || inspector.PatternWords(c.URLPattern) == "*")
}

// covers reports whether a surely matches whatever b matches. It may say no
// where it is so.
func covers(a, b inspector.RouteCondition) bool {
	if reflect.DeepEqual(a, b) || universal(a) {
		return true
	}
	if len(b.Or) > 0 { // each alternative, with what stands beside it
		for _, o := range b.Or {
			if !covers(a, join(b, o)) {
				return false
			}
		}
		return true
	}
	same := func(a, b string) bool { return a == "" || strings.EqualFold(a, b) }
	pattern := a.URLPattern == "" || inspector.PatternWords(a.URLPattern) == "*" || a.URLPattern == b.URLPattern
	if !same(a.RequestMethod, b.RequestMethod) || !same(a.RequestMode, b.RequestMode) ||
		!same(a.RequestDestination, b.RequestDestination) || !same(a.RunningStatus, b.RunningStatus) || !pattern {
		return false
	}
	if len(a.Or) > 0 && !slices.ContainsFunc(a.Or, func(o inspector.RouteCondition) bool { return covers(o, b) }) {
		return false
	}
	return a.Not == nil || b.Not != nil && reflect.DeepEqual(*a.Not, *b.Not)
}

// join is b without its alternatives and with the fields of one of them.
func join(b, o inspector.RouteCondition) inspector.RouteCondition {
	b.Or = o.Or
	set := func(to *string, from string) {
		if from != "" {
			*to = from
		}
	}
	set(&b.URLPattern, o.URLPattern)
	set(&b.RequestMethod, o.RequestMethod)
	set(&b.RequestMode, o.RequestMode)
	set(&b.RequestDestination, o.RequestDestination)
	set(&b.RunningStatus, o.RunningStatus)
	if o.Not != nil {
		b.Not = o.Not
	}
	return b
}

// navigates are the destinations a navigation can have.
var navigates = []string{"document", "iframe", "frame", "embed", "object"}

// impossible says why no request can meet a condition, "" when one can.
func impossible(c inspector.RouteCondition) string {
	if c.RequestMode == "navigate" && c.RequestDestination != "" && !slices.Contains(navigates, c.RequestDestination) {
		return "a navigation has never the destination " + c.RequestDestination
	}
	if c.RequestDestination == "document" && c.RequestMode != "" && c.RequestMode != "navigate" {
		return "a document is never requested with mode " + c.RequestMode
	}
	return ""
}
