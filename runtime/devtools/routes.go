package devtools

import (
	"encoding/json"
	"maps"
	"slices"

	urlpattern "github.com/dunglas/go-urlpattern"

	"github.com/swinspect/swinspect/runtime"
)

// routerRules is a version's rules as Chromium writes them: a string of JSON.
func routerRules(rules []runtime.RouterRule) string {
	list := make([]any, 0, len(rules))
	for i, r := range rules {
		var source any = r.Source.Enum
		if r.Source.CacheName != nil {
			source = map[string]any{"cache_name": *r.Source.CacheName}
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
	if p := c.URLPattern; p != nil && p.Pattern != nil {
		out["urlPattern"] = urlPattern(p.Pattern)
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

// urlPattern is a pattern by its components, of which "*" matches anything.
func urlPattern(u *urlpattern.URLPattern) map[string]string {
	return map[string]string{
		"protocol": u.Protocol(), "username": u.Username(), "password": u.Password(), "hostname": u.Hostname(),
		"port": u.Port(), "pathname": u.Pathname(), "search": u.Search(), "hash": u.Hash(),
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
