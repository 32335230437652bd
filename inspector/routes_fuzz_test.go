package inspector

import "testing"

// FuzzRoutes tries rules and requests that a page may make up.
func FuzzRoutes(f *testing.F) {
	f.Add(`[{"id":1,"condition":{"urlPattern":"/a/:b(\\d+)*"},"source":["network"]}]`, "https://shop.example/a/1")
	f.Add(`[{"condition":{"urlPattern":{"pathname":"/{x}?","port":"1"}},"source":"cache"}]`, "https://shop.example:1/")
	f.Add(`[{"condition":{"or":[{"not":{"urlPattern":"(("}}]}}]`, "")
	f.Fuzz(func(t *testing.T, rules, url string) {
		routes, _ := parseRoutes([]byte(rules))
		r := MatchRoutes(routes, RouteRequest{URL: url, Base: "https://shop.example/sw.js"})
		if len(r.Rules) != len(routes) || r.Verdict == "" {
			t.Errorf("%d rules of %d, verdict %q", len(r.Rules), len(routes), r.Verdict)
		}
		for _, route := range routes {
			_ = route.Condition.String()
		}
	})
}
