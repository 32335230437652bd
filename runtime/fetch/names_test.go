package fetch

import (
	"reflect"
	"strings"
	"testing"
)

func TestMIMEType(t *testing.T) {
	for input, want := range map[string]string{
		"text/html":                       "text/html",
		" TEXT/html ; Charset=UTF-8 ":     "text/html;charset=UTF-8",
		`text/html;charset="a\"b"`:        `text/html;charset="a\"b"`,
		`text/html;charset="unterminated`: "text/html;charset=unterminated",
		"text/html;a=1;A=2":               "text/html;a=1",
		"text/html;=1;b=;c=3":             "text/html;c=3",
		`text/html;a=""`:                  `text/html;a=""`,
		"text/html;a":                     "text/html",
		"text/":                           "",
		"/html":                           "",
		"text/html/x":                     "",
		"te xt/html":                      "",
		"":                                "",
		";":                               "",
		"x/y;a=b c;d=e":                   `x/y;a="b c";d=e`,
	} {
		got := ""
		if m, ok := ParseMIMEType(input); ok {
			got = m.String()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", input, got, want)
		}
	}
	for input, want := range map[string]string{
		"text/html;charset=a, text/html":              "text/html;charset=a",
		"text/html;charset=a, text/plain, text/html":  "text/html",
		"text/plain, */*":                             "text/plain",
		"text/html, bad":                              "text/html",
		`text/html;x=",";charset=b, text/html;y="\,"`: `text/html;y=",";charset=b`,
		"bad": "",
	} {
		got := ""
		if m, ok := ExtractMIMEType(HeaderList{{"Content-Type", input}}); ok {
			got = m.String()
		}
		if got != want {
			t.Errorf("extract %q: %q, want %q", input, got, want)
		}
	}
}

func TestHeaderKinds(t *testing.T) {
	for _, c := range []struct {
		name, value string
		safe        bool
	}{
		{"Accept", "text/html", true}, {"Accept", "a:b", false}, {"Accept-Language", "en-US,en;q=0.9", true}, {"Accept-Language", "@", false},
		{"Content-Type", "text/plain;charset=x", true}, {"Content-Type", "application/json", false}, {"Content-Type", `text/plain;a="b"`, false},
		{"Range", "bytes=0-", true}, {"Range", "bytes=1-2", true}, {"Range", "bytes=-2", false}, {"Range", "bytes=0-1,2-3", false},
		{"X", "", false}, {"Accept", strings.Repeat("a", 129), false},
	} {
		if CORSSafelisted(c.name, c.value) != c.safe {
			t.Error(c)
		}
	}
	many := HeaderList{{"x-b", "1"}, {"X-A", "2"}, {"x-b", "3"}, {"accept", "x"}}
	if got := CORSUnsafeNames(many); !reflect.DeepEqual(got, []string{"x-a", "x-b"}) {
		t.Error(got)
	}
	var large HeaderList
	for range 10 {
		large = append(large, Header{"accept", strings.Repeat("a", 120)})
	}
	if got := CORSUnsafeNames(large); !reflect.DeepEqual(got, []string{"accept"}) {
		t.Error(got)
	}
	for name, forbidden := range map[string]bool{"Cookie": true, "sec-x": true, "Proxy-Y": true, "User-Agent": false, "X-HTTP-Method": false, "Host": true} {
		if ForbiddenRequestHeader(name, "GET") != forbidden {
			t.Error(name)
		}
	}
	if !ForbiddenRequestHeader("x-http-method-override", "PUT, trace") {
		t.Error("a forbidden method in an override")
	}
}

// What parses serialises to what parses to the same.
func FuzzMIMEType(f *testing.F) {
	f.Add(`text/html; charset="utf-8";x=y`)
	f.Add("a/b;c=\"\\")
	f.Fuzz(func(t *testing.T, input string) {
		m, ok := ParseMIMEType(input)
		if !ok {
			return
		}
		again, ok := ParseMIMEType(m.String())
		if !ok || again.String() != m.String() {
			t.Fatalf("%q: %q, then %q", input, m, again)
		}
		ExtractMIMEType(HeaderList{{"Content-Type", input}, {"content-type", "text/plain"}})
	})
}

// Header values of any kind are looked at without harm.
func FuzzHeaders(f *testing.F) {
	f.Add("Cache-Control", `max-age="10", private`)
	f.Add("Range", "bytes=0-1")
	f.Add("Vary", "a, *")
	f.Add("Set-Cookie", "a=b; Path=/; Max-Age=5; SameSite=None; Secure")
	f.Add("Location", "//\xff")
	f.Fuzz(func(t *testing.T, name, value string) {
		l := HeaderList{{name, value}, {"Date", value}, {"Content-Type", value}}
		u := MustParseURL("https://a.test/x")
		s := &stored{status: 200, headers: append(l, Header{"Cache-Control", value}, Header{"Age", value}, Header{"Expires", value}, Header{"Last-Modified", value}, Header{"Vary", value})}
		s.fresh(s.received)
		s.selectedBy(l)
		CORSUnsafeNames(l)
		ForbiddenRequestHeader(name, value)
		FilterCORS(&Response{Headers: append(l, Header{"Access-Control-Expose-Headers", value})}, "omit")
		_, _ = (&Response{Status: 302, Headers: HeaderList{{"Location", value}}}).LocationURL(u)
		parseSingleRange(value, true)
		redirectPolicy(HeaderList{{"Referrer-Policy", value}})
		strongest(value)
		jar := NewCookieJar(nil)
		jar.Set(u, value, CookieContext{SameSite: true})
		jar.Header(u, CookieContext{SameSite: true})
		if parts, ok := GetDecodeSplit(l, name); ok && len(parts) == 0 {
			t.Fatal("a header without a value")
		}
	})
}
