package replay

import (
	"slices"
	"strings"

	"github.com/swinspect/swinspect/inspector/recording"
)

// wireHeaders speak of the transfer.
var wireHeaders = map[string]bool{"content-length": true, "transfer-encoding": true, "connection": true, "keep-alive": true, "content-encoding": true, "trailer": true}

func (c *comparison) headers() {
	ignored := c.run.ignored()
	a, b := joined(c.a.Headers), joined(c.b.Headers)
	names := make([]string, 0, len(a))
	for name := range a {
		names = append(names, name)
	}
	for name := range b {
		if _, both := a[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if a[name] == b[name] {
			continue
		}
		c.differ("header:"+name, a[name], b[name], c.headerRule(name, a[name], b[name], ignored))
	}
}

func (c *comparison) headerRule(name, a, b string, ignored map[string]bool) Rule {
	switch {
	case ignored[name]:
		return RuleIgnoredHeader
	case a == recording.Redacted || name == "set-cookie":
		return RuleRedacted
	case wireHeaders[name] && (a == "" || b == "" || c.a.Body.Hash == c.b.Body.Hash):
		return RuleWireHeader
	}
	return ""
}

// joined are the values of each header, by its name in lower case.
func joined(l []Header) map[string]string {
	m := make(map[string]string, len(l))
	for _, h := range l {
		name := strings.ToLower(h.Name)
		if old, ok := m[name]; ok {
			m[name] = old + ", " + h.Value
		} else {
			m[name] = h.Value
		}
	}
	return m
}

// ignored are the headers that are not compared.
func (run *run) ignored() map[string]bool {
	if run.ignore == nil {
		run.ignore = map[string]bool{}
		for _, name := range DefaultIgnoreHeaders {
			run.ignore[strings.ToLower(name)] = true
		}
		for _, name := range run.options.IgnoreHeaders {
			if off, ok := strings.CutPrefix(name, "-"); ok {
				delete(run.ignore, strings.ToLower(off))
			} else {
				run.ignore[strings.ToLower(name)] = true
			}
		}
	}
	return run.ignore
}
