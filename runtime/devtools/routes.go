package devtools

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/swinspect/swinspect/runtime"
)

// routerRules is a version's rules as Chromium writes them: a string of JSON.
func routerRules(rules []runtime.RouterRule) string {
	list := make([]any, 0, len(rules))
	for i, r := range rules {
		var source any = r.Source.Enum
		if r.Source.CacheName != nil {
			source = map[string]any{"cache": map[string]any{"cache_name": *r.Source.CacheName}}
		}
		list = append(list, map[string]any{"id": i + 1, "condition": routerCondition(r.Condition), "source": []any{source}})
	}
	raw, err := json.Marshal(list)
	if err != nil {
		return "[]"
	}
	return string(raw)
}

func routerCondition(c runtime.RouterCondition) map[string]any {
	out := map[string]any{}
	if p := c.URLPattern; p != nil {
		out["urlPattern"] = urlPattern(p)
	}
	request := map[string]any{}
	for name, v := range map[string]*string{"method": c.RequestMethod, "mode": c.RequestMode, "destination": c.RequestDestination} {
		if v != nil {
			request[name] = *v
		}
	}
	if len(request) > 0 {
		out["request"] = request
	}
	if c.RunningStatus != "" {
		out["running_status"] = c.RunningStatus
	}
	if c.HasOr {
		list := []any{}
		for _, o := range c.Or {
			list = append(list, routerCondition(o))
		}
		out["or"] = list
	}
	if c.Not != nil {
		out["not"] = routerCondition(*c.Not)
	}
	return out
}

func urlPattern(p *runtime.URLPatternInput) any {
	switch {
	case p.Text != nil:
		return *p.Text
	case p.Pattern != nil:
		u := p.Pattern
		return map[string]string{
			"protocol": u.Protocol(), "username": u.Username(), "password": u.Password(), "hostname": u.Hostname(),
			"port": u.Port(), "pathname": u.Pathname(), "search": u.Search(), "hash": u.Hash(),
		}
	case p.Init != nil:
		out := map[string]string{}
		i := p.Init
		for name, v := range map[string]*string{
			"protocol": i.Protocol, "username": i.Username, "password": i.Password, "hostname": i.Hostname,
			"port": i.Port, "pathname": i.Pathname, "search": i.Search, "hash": i.Hash, "baseURL": i.BaseURL,
		} {
			if v != nil {
				out[name] = *v
			}
		}
		return out
	}
	return ""
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
