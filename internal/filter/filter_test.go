package filter

import (
	"errors"
	"strings"
	"testing"
)

// row is a cache entry as the tables give it.
var row = map[string][]string{
	"":       {"GET https://shop.example/img/Hero.avif?v=2 200 basic image/avif"},
	"url":    {"https://shop.example/img/Hero.avif?v=2"},
	"status": {"200"},
	"type":   {"opaqueredirect"},
	"size":   {"18900"},
	"header": {"vary: accept-language", "etag: \"b71\""},
	"empty":  {""},
}

func get(key string) []string { return row[key] }

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		query string
		want  bool
	}{
		{"", true},
		{"hero", true},
		{"HERO 200", true},
		{"hero svg", false},
		{"-svg", true},
		{"-hero", false},
		{"url:img", true},
		{"url:css", false},
		{"-url:css", true},
		{"URL:img", true},
		{"status:200", true},
		{"status:20", false},
		{"status:2*", true},
		{"status:3*", false},
		{"status:404,200", true},
		{"status:404,0", false},
		{"-status:404,200", false},
		{"status:=200", true},
		{"type:opaque", true},
		{"type:=opaque", false},
		{"type:=opaqueredirect", true},
		{"type:opaque*", true},
		{"type:*opaque", false},
		{"url:*.avif*", true},
		{"url:https://shop.example/*", true},
		{"url:*/img/*v=2", true},
		{"url:*/css/*v=2", false},
		{"https://shop.example", true},
		{"-https://shop.example", false},
		{"size:>10k", true},
		{"size:>18.9k", false},
		{"size:>=18.9kB", true},
		{"size:<18Ki", false},
		{"size:<19Ki", true},
		{"size:<=1M -size:<1k", true},
		{"size:>", true},
		{"size:", true},
		{"empty:", false},
		{"-empty:", true},
		{"header:vary", true},
		{`header:"vary: accept-language"`, true},
		{`header:"etag: \"b71\""`, true},
		{`"img/Hero"`, true},
		{`"200 basic"`, true},
		{`"basic 200"`, false},
		{`url:"*"`, false},
		{"missing:x", false},
		{"-missing:x", true},
		{`"-"`, false},
		{"hero?", false},
		{"status:[", false},
		{"-status:[", true},
		{"url:[Hh]ero", false},
		{"url:*.{avif,png}*", false},
		{"url:*avif?v=2", true},
		{"200,404", false},
	} {
		q, err := Parse(c.query)
		if err != nil {
			t.Errorf("Parse(%q): %v", c.query, err)
			continue
		}
		if got := q.Match(get); got != c.want {
			t.Errorf("%q matches: %v, want %v", c.query, got, c.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{`url:"a`, "quote is not closed"},
		{"-", "nothing to negate"},
		{"a - b", "nothing to negate"},
		{"size:>big", "a number must follow >"},
		{"colour:red", "unknown field colour in colour:red; known fields are url, status"},
		{"-colour:red", "unknown field colour"},
	} {
		_, err := Parse(c.query, "url", "status", "size")
		if c.want == "unknown field colour in colour:red; known fields are url, status" {
			_, err = Parse(c.query, "url", "status")
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%q): %v, want %q", c.query, err, c.want)
		}
		var e *Error
		if !errors.As(err, &e) || e.Term == "" {
			t.Errorf("Parse(%q): %T does not name its term", c.query, err)
		}
	}
	if _, err := Parse("https://x.example:8080/ url:a", "url"); err != nil {
		t.Errorf("a URL is free text: %v", err)
	}
}

func TestTerms(t *testing.T) {
	q, err := Parse(`hero -type:opaque,cors url:"a b"`, "type", "url")
	if err != nil {
		t.Fatal(err)
	}
	terms := q.Terms()
	if len(terms) != 3 {
		t.Fatalf("%d terms, want 3", len(terms))
	}
	if x := terms[1]; x.Key != "type" || !x.Negated || x.Value != "opaque,cors" || x.Text != "-type:opaque,cors" {
		t.Errorf("second term is %+v", x)
	}
	if got := q.Without(1).String(); got != `hero url:"a b"` {
		t.Errorf("without the second: %s", got)
	}
	if got := q.Without(7).String(); got != q.String() {
		t.Errorf("without a seventh: %s", got)
	}
	if q.String() != `hero -type:opaque,cors url:"a b"` {
		t.Errorf("q is %s", q)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "a b", `-url:"a b",c*`, "size:>10k", `"\"`, "x:=,*", "-:", "https://a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := Parse(s)
		if err != nil {
			return
		}
		again, err := Parse(q.String())
		if err != nil {
			t.Fatalf("%q writes as %q, which does not parse: %v", s, q.String(), err)
		}
		if again.String() != q.String() || again.Match(get) != q.Match(get) {
			t.Fatalf("%q writes as %q, which means something else", s, q.String())
		}
		for i := range q.Terms() {
			q.Without(i).Match(get)
		}
	})
}
