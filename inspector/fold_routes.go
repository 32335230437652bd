package inspector

import (
	"cmp"

	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/cdp"
)

// readRoutes takes over the static routing rules, from the JSON string
// (routerRules) or from the typed field; the browser sends either.
func (v *Version) readRoutes(w *serviceworker.Version) {
	raw := w.RouterRules
	if raw == "" && len(w.TypedRouterRules) > 0 {
		b, err := cdp.Encode(w.TypedRouterRules)
		if err != nil {
			return
		}
		raw = string(b)
	}
	if raw == v.routesRaw {
		return
	}
	v.routesRaw, v.Routes, v.RoutesRaw = raw, nil, ""
	if raw == "" {
		return
	}
	routes, ok := parseRoutes(jsonv2.Value(raw))
	if !ok {
		v.RoutesRaw = raw
		return
	}
	v.Routes = routes
}

// wireRoute is a rule in either form: in the string form the source is a list
// of one string or {cache_name}; in the typed form it is {type, sourceDict}.
type wireRoute struct {
	ID        int64        `json:"id"`
	Condition jsonv2.Value `json:"condition"`
	Source    jsonv2.Value `json:"source"`
}

// wireCondition is a condition in the typed form (requestMethod …) or in the
// one of the JSON string as Chromium 156 writes it (request, running_status).
type wireCondition struct {
	URLPattern         jsonv2.Value `json:"urlPattern"`
	RequestMethod      string       `json:"requestMethod"`
	RequestMode        string       `json:"requestMode"`
	RequestDestination string       `json:"requestDestination"`
	RunningStatus      string       `json:"runningStatus"`
	Request            struct {
		Method      string `json:"method"`
		Mode        string `json:"mode"`
		Destination string `json:"destination"`
	} `json:"request"`
	RunningStatusSnake string           `json:"running_status"`
	Or                 []*wireCondition `json:"or"`
	Not                *wireCondition   `json:"not"`
}

func parseRoutes(raw jsonv2.Value) ([]Route, bool) {
	each, ok := decode[[]jsonv2.Value](raw)
	if !ok {
		return nil, false
	}
	routes := make([]Route, 0, len(each))
	for i, one := range each {
		w, ok := decode[wireRoute](one)
		if !ok {
			return nil, false
		}
		c, ok := decode[*wireCondition](w.Condition)
		if !ok {
			return nil, false
		}
		r := Route{ID: w.ID, Condition: c.condition(0), Source: parseSource(w.Source), Raw: string(one)}
		if r.ID == 0 {
			r.ID = int64(i) + 1
		}
		routes = append(routes, r)
	}
	return routes, true
}

// maxConditionDepth is what Chromium allows, and more.
const maxConditionDepth = 32

func (w *wireCondition) condition(depth int) RouteCondition {
	if w == nil || depth > maxConditionDepth {
		return RouteCondition{}
	}
	c := RouteCondition{
		URLPattern:         patternText(w.URLPattern),
		RequestMethod:      cmp.Or(w.RequestMethod, w.Request.Method),
		RequestMode:        cmp.Or(w.RequestMode, w.Request.Mode),
		RequestDestination: cmp.Or(w.RequestDestination, w.Request.Destination),
		RunningStatus:      cmp.Or(w.RunningStatus, w.RunningStatusSnake),
	}
	for _, o := range w.Or {
		c.Or = append(c.Or, o.condition(depth+1))
	}
	if w.Not != nil {
		n := w.Not.condition(depth + 1)
		c.Not = &n
	}
	return c
}

// patternText is a pattern as Route keeps it: plain text of a string, JSON of a
// URLPatternInit.
func patternText(v jsonv2.Value) string {
	if s, ok := decode[string](v); ok {
		return s
	}
	if string(v) == "null" {
		return ""
	}
	return string(v)
}

// sourceNames are the specification's names of the typed form's.
var sourceNames = map[string]string{
	string(serviceworker.RouterSourceTypeCache):                      "cache",
	string(serviceworker.RouterSourceTypeFetchEvent):                 "fetch-event",
	string(serviceworker.RouterSourceTypeNetwork):                    "network",
	string(serviceworker.RouterSourceTypeRaceNetworkAndFetchHandler): "race-network-and-fetch-handler",
	string(serviceworker.RouterSourceTypeRaceNetworkAndCache):        "race-network-and-cache",
}

func parseSource(v jsonv2.Value) RouteSource {
	if many, ok := decode[[]jsonv2.Value](v); ok && len(many) > 0 {
		return parseSource(many[0])
	}
	if s, ok := decode[string](v); ok {
		return RouteSource{Type: s}
	}
	d, _ := decode[struct {
		Type       string `json:"type"`
		CacheName  string `json:"cacheName"`
		CacheSnake string `json:"cache_name"`
		SourceDict *struct {
			CacheName string `json:"cacheName"`
		} `json:"sourceDict"`
	}](v)
	s := RouteSource{Type: d.Type, CacheName: cmp.Or(d.CacheName, d.CacheSnake)}
	if d.SourceDict != nil {
		s.CacheName = d.SourceDict.CacheName
	}
	if name, ok := sourceNames[s.Type]; ok {
		s.Type = name
	}
	if s.CacheName != "" {
		s.Type = "cache"
	}
	return s
}
