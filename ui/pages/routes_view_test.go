package pages

import (
	"testing"

	"github.com/swinspect/swinspect/inspector"
)

func TestCovers(t *testing.T) {
	type cond = inspector.RouteCondition
	for _, tc := range []struct {
		name string
		a, b cond
		want bool
	}{
		{"everything covers anything", cond{}, cond{RequestMode: "cors"}, true},
		{"fewer constraints", cond{RequestMethod: "POST"}, cond{RequestMethod: "post", RequestMode: "cors"}, true},
		{"more constraints", cond{RequestMethod: "POST", RequestMode: "cors"}, cond{RequestMethod: "POST"}, false},
		{"another value", cond{RequestMode: "cors"}, cond{RequestMode: "navigate"}, false},
		{"one alternative is enough", cond{Or: []cond{{RequestMode: "cors"}, {RequestMode: "navigate"}}}, cond{RequestMode: "navigate"}, true},
		{"every alternative must be covered", cond{RequestMode: "cors"}, cond{Or: []cond{{RequestMode: "cors"}, {RequestMode: "navigate"}}}, false},
		{"alternatives with what stands beside them", cond{RequestMethod: "GET"}, cond{RequestMethod: "GET", Or: []cond{{RequestMode: "cors"}, {}}}, true},
		{"patterns are compared as written", cond{URLPattern: "/img/*"}, cond{URLPattern: "/img/*", RequestMethod: "GET"}, true},
		{"a wider pattern is not known to be", cond{URLPattern: "/*"}, cond{URLPattern: "/img/*"}, false},
		{"not", cond{Not: &cond{RequestMode: "cors"}}, cond{RequestMode: "navigate"}, false},
		{"the same not", cond{Not: &cond{RequestMode: "cors"}}, cond{Not: &cond{RequestMode: "cors"}}, true},
	} {
		if got := covers(tc.a, tc.b); got != tc.want {
			t.Errorf("%s: got %v", tc.name, got)
		}
	}
}
