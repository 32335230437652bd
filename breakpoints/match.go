package breakpoints

import (
	"regexp"
	"strings"
	"sync"
)

// MatchURL matches a URL with a pattern. * is any text. A pattern that begins with / is
// matched with path and query (without a ? in it, with the path alone, too); one without
// * that has no scheme is matched as the end of the path, from a / on; any other with the
// whole URL. What follows a # of the URL does not count. The empty pattern matches all.
func MatchURL(pattern, url string) bool {
	return pattern == "" || compiled(URLRegexp(pattern)).MatchString(url)
}

// MatchName matches a name with a pattern: * is any text, ? any character. The empty
// pattern matches all.
func MatchName(pattern, name string) bool {
	return pattern == "" || compiled(NameRegexp(pattern)).MatchString(name)
}

// URLRegexp is the pattern of [MatchURL] as a regular expression that means the same in
// Go and in JavaScript.
func URLRegexp(pattern string) string {
	const origin = `^[a-zA-Z][a-zA-Z0-9+.-]*:(?://[^/?#]*)?`
	query := `(?:\?[^#]*)?`
	if strings.Contains(pattern, "?") {
		query = ""
	}
	const end = `(?:#[^]*)?$`
	body := globbed(pattern, false)
	switch {
	case pattern == "":
		return ``
	case strings.HasPrefix(pattern, "/"):
		return goAny(origin + body + query + end)
	case !strings.Contains(pattern, "*") && !hasScheme(pattern):
		return goAny(origin + `(?:/|/[^?#]*/)?` + body + query + end)
	}
	return goAny(`^` + body + end)
}

// NameRegexp is the pattern of [MatchName] as a regular expression.
func NameRegexp(pattern string) string {
	if pattern == "" {
		return ``
	}
	return goAny(`^` + globbed(pattern, true) + `$`)
}

// goAny spells "any character, line breaks too" so that both languages know it.
func goAny(expr string) string { return strings.ReplaceAll(expr, `[^]`, `[\s\S]`) }

// globbed quotes a pattern but for its wildcards.
func globbed(pattern string, question bool) string {
	var b strings.Builder
	for _, r := range pattern {
		switch {
		case r == '*':
			b.WriteString(`[^]*`)
		case r == '?' && question:
			b.WriteString(`[^]`)
		default:
			b.WriteString(quoteRune(r))
		}
	}
	return b.String()
}

func quoteRune(r rune) string {
	if strings.ContainsRune(`\.+*?()|[]{}^$/-`, r) {
		return `\` + string(r)
	}
	return string(r)
}

var scheme = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*:`)

func hasScheme(pattern string) bool { return scheme.MatchString(pattern) }

// cache holds the expressions that were compiled; patterns are few.
var cache struct {
	sync.Mutex
	by map[string]*regexp.Regexp
}

func compiled(expr string) *regexp.Regexp {
	cache.Lock()
	defer cache.Unlock()
	if re := cache.by[expr]; re != nil {
		return re
	}
	re, err := regexp.Compile(expr)
	if err != nil { // a pattern with bytes that are no text
		re = regexp.MustCompile(`^` + regexp.QuoteMeta(strings.ToValidUTF8(expr, "�")) + `$`)
	}
	if len(cache.by) > 4096 || cache.by == nil {
		cache.by = map[string]*regexp.Regexp{}
	}
	cache.by[expr] = re
	return re
}
