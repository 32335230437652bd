package inspector

import (
	"strings"

	"github.com/chromedp/cdproto/cdp/jsonv2"
)

// String is the condition in words: "GET, URL http://localhost/app/*",
// "(navigate, not-running) or font", "not GET", "any request".
func (c RouteCondition) String() string {
	var parts []string
	add := func(word string) {
		if word != "" {
			parts = append(parts, word)
		}
	}
	add(c.RequestMethod)
	if c.RequestMode != "" {
		add("mode " + c.RequestMode)
	}
	if c.RequestDestination != "" {
		add("destination " + c.RequestDestination)
	}
	if c.RunningStatus != "" {
		add("worker " + c.RunningStatus)
	}
	if c.URLPattern != "" {
		add("URL " + PatternWords(c.URLPattern))
	}
	if len(c.Or) > 0 {
		var of []string
		for _, o := range c.Or {
			of = append(of, "("+o.String()+")")
		}
		add(strings.Join(of, " or "))
	}
	if c.Not != nil {
		add("not (" + c.Not.String() + ")")
	}
	if len(parts) == 0 {
		return "any request"
	}
	return strings.Join(parts, ", ")
}

// String is the source in words: "network", "cache images".
func (s RouteSource) String() string {
	return strings.TrimSpace(s.Type + " " + s.CacheName)
}

// PatternWords is a URL pattern as one line: a pattern string as it is, the
// JSON of a URLPatternInit put together without the parts that match anything.
func PatternWords(text string) string {
	w, ok := decode[wirePattern](jsonv2.Value(text))
	if !ok || !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return text
	}
	part := func(p *string) string {
		if p == nil {
			return "*"
		}
		return *p
	}
	var b strings.Builder
	protocol, host, port := part(w.Protocol), part(w.Hostname), part(w.Port)
	if protocol != "*" || host != "*" || (port != "*" && port != "") {
		b.WriteString(protocol + "://" + host)
		if port != "*" && port != "" {
			b.WriteString(":" + port)
		}
	}
	b.WriteString(part(w.Pathname))
	if s := part(w.Search); s != "*" {
		b.WriteString("?" + s)
	}
	if h := part(w.Hash); h != "*" {
		b.WriteString("#" + h)
	}
	return b.String()
}
