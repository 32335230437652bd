package runtime

import (
	"strconv"
	"strings"

	urlpattern "github.com/dunglas/go-urlpattern"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// RouterRule is one rule of static routing (InstallEvent.addRoutes).
type RouterRule struct {
	Condition RouterCondition
	Source    RouterSource
}

// RouterCondition is a RouterCondition; nil and empty members are absent.
type RouterCondition struct {
	URLPattern         *URLPatternInput
	RequestMethod      *string
	RequestMode        *string
	RequestDestination *string
	RunningStatus      string // "running" or "not-running"
	Or                 []RouterCondition
	HasOr              bool // or is there, be it empty
	Not                *RouterCondition
}

// URLPatternInput is a URLPatternCompatible: exactly one member is set.
type URLPatternInput struct {
	Pattern *urlpattern.URLPattern     // a URLPattern object
	Init    *urlpattern.URLPatternInit // a URLPatternInit
	Text    *string                    // a string
}

// RouterSource is a RouterSource: Enum, or a dictionary with CacheName.
type RouterSource struct {
	Enum      string // "cache", "fetch-event", "network", "race-network-and-fetch-handler"
	CacheName *string
}

func (s RouterSource) String() string {
	if s.CacheName != nil {
		return "cache"
	}
	return s.Enum
}

// compiledRule is a rule with its URL patterns parsed once.
type compiledRule struct {
	rule      RouterRule
	condition compiledCondition
	details   map[string]string // for traces
}

type compiledCondition struct {
	RouterCondition
	pattern *urlpattern.URLPattern
	or      []compiledCondition
	not     *compiledCondition
}

// Router limits.
const (
	maxRouterConditions = 1024
	maxRouterDepth      = 10
)

// AddRoutes is what InstallEvent.addRoutes does with its rules, from Verify Router
// Condition to the list of router rules: all of them are added, or none and the
// error is a *Exception. It may be called from the worker's agent.
func (w *Worker) AddRoutes(rules []RouterRule) error {
	e := w.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.addRoutes(w, rules)
}

func (e *Engine) addRoutes(w *Worker, rules []RouterRule) error {
	compiled := make([]compiledRule, len(rules))
	for i, rule := range rules {
		c, ok := verifyRouterCondition(rule.Condition, w)
		if !ok {
			return typeError("Failed to execute 'addRoutes' on 'InstallEvent': the condition of rule %d is not valid.", i)
		}
		if s := rule.Source.Enum; s == "fetch-event" || s == "race-network-and-fetch-handler" {
			if !w.handles("fetch") {
				return typeError("Failed to execute 'addRoutes' on 'InstallEvent': %s is specified without a fetch handler.", s)
			}
		}
		compiled[i] = newCompiledRule(rule, c, len(w.routes)+i+1)
	}
	all := append(append([]compiledRule(nil), w.routes...), compiled...)
	if !checkRouterRegistrationLimit(all) {
		return typeError("Failed to execute 'addRoutes' on 'InstallEvent': the rules exceed the limit of %d conditions or of %d levels.", maxRouterConditions, maxRouterDepth)
	}
	w.routes = all
	e.trace(traceEvent{algorithm: "Check Router Registration Limit", worker: w, parent: w.story, decision: "the routes were added", verdict: "routes-added"})
	e.workerChanged(w)
	return nil
}

func newCompiledRule(rule RouterRule, c compiledCondition, number int) compiledRule {
	return compiledRule{rule: rule, condition: c, details: map[string]string{"rule": strconv.Itoa(number), "source": rule.Source.String()}}
}

// understood is the rule as the engine matches it: patterns parsed, on the base of
// the worker's script, and methods normalised.
func (r *compiledRule) understood() RouterRule {
	return RouterRule{Condition: r.condition.understood(), Source: r.rule.Source}
}

func (c *compiledCondition) understood() RouterCondition {
	out := c.RouterCondition
	if c.pattern != nil {
		out.URLPattern = &URLPatternInput{Pattern: c.pattern}
	}
	if c.RequestMethod != nil {
		method := normalizeMethod(*c.RequestMethod)
		out.RequestMethod = &method
	}
	out.Or = nil
	for i := range c.or {
		out.Or = append(out.Or, c.or[i].understood())
	}
	if c.not != nil {
		not := c.not.understood()
		out.Not = &not
	}
	return out
}

// parseURLPattern is Parse URL Pattern.
func parseURLPattern(raw *URLPatternInput, w *Worker) (*urlpattern.URLPattern, error) {
	// Parse URL Pattern 1: relative patterns stand on the script's URL.
	base := w.scriptURL.String()
	// Parse URL Pattern 2: by the kind of value that was given.
	switch {
	case raw.Pattern != nil:
		return raw.Pattern, nil
	case raw.Text != nil:
		return urlpattern.New(*raw.Text, base, nil)
	default:
		init := *raw.Init
		if init.BaseURL == nil {
			init.BaseURL = &base
		}
		return init.New(nil)
	}
}

// verifyRouterCondition is Verify Router Condition; it hands back the condition
// with its patterns parsed.
func verifyRouterCondition(c RouterCondition, w *Worker) (compiledCondition, bool) {
	// Verify Router Condition 1
	has := false
	compiled := compiledCondition{RouterCondition: c}
	// Verify Router Condition 2: the pattern has to parse and to do without
	// expressions that could take for ever.
	if c.URLPattern != nil {
		pattern, err := parseURLPattern(c.URLPattern, w)
		if err != nil || pattern.HasRegexpGroups() {
			return compiled, false
		}
		compiled.pattern = pattern
		has = true
	}
	// Verify Router Condition 3: a method that fetch could send.
	if c.RequestMethod != nil {
		if m := *c.RequestMethod; !isToken(m) || isForbiddenMethod(m) {
			return compiled, false
		}
		has = true
	}
	// Verify Router Condition 4 to 6 are enumerations, checked when converted.
	if c.RequestMode != nil || c.RequestDestination != nil || c.RunningStatus != "" {
		has = true
	}
	// Verify Router Condition 7: or stands alone.
	if c.Or != nil || c.HasOr {
		if has {
			return compiled, false
		}
		for _, o := range c.Or {
			inner, ok := verifyRouterCondition(o, w)
			if !ok {
				return compiled, false
			}
			compiled.or = append(compiled.or, inner)
		}
		compiled.HasOr = true
		has = true
	}
	// Verify Router Condition 8: not stands alone.
	if c.Not != nil {
		if has {
			return compiled, false
		}
		inner, ok := verifyRouterCondition(*c.Not, w)
		if !ok {
			return compiled, false
		}
		compiled.not = &inner
		has = true
	}
	// Verify Router Condition 9
	return compiled, has
}

// matchRouterCondition is Match Router Condition.
func matchRouterCondition(c *compiledCondition, w *Worker, r *fetch.Request) bool {
	// Match Router Condition 1: one of several.
	if c.HasOr {
		for i := range c.or {
			if matchRouterCondition(&c.or[i], w, r) {
				return true
			}
		}
		return false
	}
	// Match Router Condition 2: the opposite.
	if c.not != nil {
		return !matchRouterCondition(c.not, w, r)
	}
	// Match Router Condition 3.1: patterns were parsed when the rule was added.
	if c.pattern != nil && !c.pattern.Test(r.URL().String(), "") {
		return false
	}
	// Match Router Condition 3.2
	if c.RequestMethod != nil && r.Method != normalizeMethod(*c.RequestMethod) {
		return false
	}
	// Match Router Condition 3.3
	if c.RequestMode != nil && string(r.Mode) != *c.RequestMode {
		return false
	}
	// Match Router Condition 3.4
	if c.RequestDestination != nil && string(r.Destination) != *c.RequestDestination {
		return false
	}
	// Match Router Condition 3.5
	if c.RunningStatus != "" && (c.RunningStatus == running) != (w.Running() == running) {
		return false
	}
	// Match Router Condition 3.6
	return true
}

// checkRouterRegistrationLimit is Check Router Registration Limit.
func checkRouterRegistrationLimit(rules []compiledRule) bool {
	// Check Router Registration Limit 1 to 3
	count := routerCount{left: maxRouterConditions}
	// Check Router Registration Limit 4
	for i := range rules {
		countRouterInnerConditions(&rules[i].condition.RouterCondition, &count, maxRouterDepth)
		if count.exceeded {
			return false
		}
	}
	// Check Router Registration Limit 5
	return true
}

// routerCount is a count router condition result.
type routerCount struct {
	left     int
	exceeded bool
}

// countRouterInnerConditions is Count Router Inner Conditions.
func countRouterInnerConditions(c *RouterCondition, count *routerCount, depth int) {
	// Count Router Inner Conditions 1
	count.left--
	// Count Router Inner Conditions 2: too many in all, or too deep.
	if count.left == 0 || depth == 0 {
		count.exceeded = true
		return
	}
	// Count Router Inner Conditions 3
	for i := range c.Or {
		countRouterInnerConditions(&c.Or[i], count, depth-1)
		if count.exceeded {
			return
		}
	}
	// Count Router Inner Conditions 4
	if c.Or == nil && c.Not != nil {
		countRouterInnerConditions(c.Not, count, depth-1)
	}
	// Count Router Inner Conditions 5
}

// getRouterSource is Get Router Source; index is that of the rule, from 1.
func getRouterSource(w *Worker, r *fetch.Request) (source RouterSource, index int) {
	// Get Router Source 1: the first rule that matches.
	for i := range w.routes {
		if matchRouterCondition(&w.routes[i].condition, w, r) {
			return w.routes[i].rule.Source, i + 1
		}
	}
	// Get Router Source 2
	return RouterSource{}, 0
}

// isForbiddenMethod is a forbidden method of the Fetch standard.
func isForbiddenMethod(m string) bool {
	return strings.EqualFold(m, "CONNECT") || strings.EqualFold(m, "TRACE") || strings.EqualFold(m, "TRACK")
}

// normalizeMethod is "normalize a method" of the Fetch standard.
func normalizeMethod(m string) string {
	switch up := strings.ToUpper(m); up {
	case "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT":
		return up
	}
	return m
}

func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}
