package urlapi

import (
	"testing"

	urlpattern "github.com/dunglas/go-urlpattern"
)

// FuzzURLPattern: a pattern is refused or matches in bounded time, whatever it is.
func FuzzURLPattern(f *testing.F) {
	for _, seed := range []string{"/:id(\\d+)?", "https://*.example/{a,b}*", "/(a+)+", "{{", "/:", "\xff"} {
		f.Add(seed, "https://a.example/x/12?y#z")
	}
	f.Fuzz(func(t *testing.T, pattern, input string) {
		p, err := urlpattern.New(pattern, "https://a.example/", nil)
		if err == nil {
			p.Test(input, "")
		}
	})
}
