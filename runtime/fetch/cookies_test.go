package fetch

import (
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/runtime/clock"
)

func TestCookies(t *testing.T) {
	c := clock.NewVirtual(epoch)
	jar := NewCookieJar(c)
	u := MustParseURL("https://www.site.example/dir/page")
	same := CookieContext{SameSite: true, Lax: true}
	for line, ok := range map[string]bool{
		"a=1": true, "b=2; Path=/": true, "c=3; Domain=site.example": true, "d=4; Domain=other.example": false, "e=5; Domain=example": false,
		"f=6; SameSite=None": false, "g=7; SameSite=None; Secure": true, "h=8; SameSite=Strict": true, "i=9; HttpOnly": true,
		"__Host-j=1; Secure; Path=/": true, "__Host-k=1; Secure": false, "__Secure-l=1": false, "m=1; Max-Age=60": true, "n=1; Path=/else": true,
	} {
		if jar.Set(u, line, same) != ok {
			t.Error(line)
		}
	}
	names := func(u string, x CookieContext) string {
		var list []string
		for _, c := range jar.For(MustParseURL(u), x) {
			list = append(list, c.Name)
		}
		return sorted(list)
	}
	for _, c := range []struct {
		u    string
		x    CookieContext
		want string
	}{
		{"https://www.site.example/dir/x", same, "__Host-j a b c g h i m"},
		{"https://www.site.example/", same, "__Host-j b"},
		{"https://api.site.example/dir/", same, "c"},
		{"http://www.site.example/dir/", same, "a b c h i m"},
		{"https://www.site.example/dir/", CookieContext{}, "g"},
		{"https://www.site.example/dir/", CookieContext{Lax: true}, "__Host-j a b c g i m"},
		{"https://www.site.example/dir/", CookieContext{SameSite: true, Script: true}, "__Host-j a b c g h m"},
		{"https://www.site.example/directory", same, "__Host-j b"},
	} {
		if got := names(c.u, c.x); got != c.want {
			t.Errorf("%s %+v: %q, want %q", c.u, c.x, got, c.want)
		}
	}
	if jar.Set(u, "i=script", CookieContext{SameSite: true, Script: true}) {
		t.Error("a script replaced an HttpOnly cookie")
	}
	c.Advance(time.Minute)
	jar.Set(u, "a=; Max-Age=0", same)
	if got := names("https://www.site.example/dir/x", same); got != "__Host-j b c g h i" {
		t.Error(got)
	}
	if n := jar.Remove(func(c Cookie) bool { return c.Secure }); n != 2 {
		t.Error(n)
	}
}

func sorted(list []string) string {
	for i := range list {
		for j := i + 1; j < len(list); j++ {
			if list[j] < list[i] {
				list[i], list[j] = list[j], list[i]
			}
		}
	}
	return strings.Join(list, " ")
}

func TestSameSite(t *testing.T) {
	o := func(u string) Origin { return MustParseURL(u).Origin() }
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"https://a.x.example", "https://b.x.example:8443", true}, {"http://a.x.example", "https://a.x.example", false},
		{"https://a.co.uk", "https://b.co.uk", false}, {"http://127.0.0.1", "http://127.0.0.2", false}, {"http://localhost:1", "http://localhost:2", true},
	} {
		if SameSite(o(c.a), o(c.b)) != c.same {
			t.Error(c)
		}
	}
}
