package breakpoints

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// What the fields can be.
var (
	lifecycleStates  = []string{"installing", "installed", "waiting", "activating", "activated", "redundant", "controllerchange"}
	fetchPoints      = []string{"dispatch", "respondWith", "request"}
	cacheOperations  = []string{"open", "match", "hit", "miss", "put", "delete"}
	exceptionKinds   = []string{"all", "uncaught", "rejection", "respondWith"}
	fetchModes       = []string{"navigate", "same-origin", "no-cors", "cors", "websocket"}
	maxExpression    = 16 << 10
	maxPatternLength = 8 << 10
)

// Check says what is wrong with a breakpoint ([*InvalidError]) and returns it as it is
// stored: with the one spelling of each word, and without fields of other kinds.
func Check(b Breakpoint) (Breakpoint, error) {
	b = b.clone()
	if err := b.checkShape(); err != nil {
		return b, err
	}
	checks := map[Kind]func(*Breakpoint) error{
		Line: checkLine, Event: checkEvent, Lifecycle: checkLifecycle, Fetch: checkFetch,
		Cache: checkCache, Exception: checkException, Start: func(*Breakpoint) error { return nil },
	}
	if err := checks[b.Kind](&b); err != nil {
		return b, err
	}
	if b.Skip < 0 {
		return b, &InvalidError{"skip", "is below 0: give how many hits to let pass"}
	}
	for field, text := range map[string]string{"condition": b.Condition, "log": b.Log, "scope": b.Scope} {
		if len(text) > maxExpression {
			return b, &InvalidError{field, "is longer than 16 KiB: make it shorter"}
		}
		if !utf8.ValidString(text) {
			return b, &InvalidError{field, "is no text (UTF-8)"}
		}
	}
	b.Condition, b.Scope = strings.TrimSpace(b.Condition), strings.TrimSpace(b.Scope)
	_, err := Template(b.Log)
	return b, err
}

// checkShape keeps the kind's own part only.
func (b *Breakpoint) checkShape() error {
	if !slices.Contains(Kinds(), b.Kind) {
		return &InvalidError{"kind", oneOf(string(b.Kind), asStrings(Kinds()))}
	}
	keep := *b
	b.Line, b.Event, b.Lifecycle, b.Fetch, b.Cache, b.Exception = nil, nil, nil, nil, nil, nil
	switch b.Kind {
	case Line:
		b.Line = cmp.Or(keep.Line, &LineAt{})
	case Event:
		b.Event = cmp.Or(keep.Event, &EventAt{Type: "*"})
	case Lifecycle:
		b.Lifecycle = cmp.Or(keep.Lifecycle, &LifecycleAt{})
	case Fetch:
		b.Fetch = cmp.Or(keep.Fetch, &FetchAt{})
	case Cache:
		b.Cache = cmp.Or(keep.Cache, &CacheAt{})
	case Exception:
		b.Exception = cmp.Or(keep.Exception, &ExceptionAt{Which: "uncaught"})
	}
	return nil
}

func checkLine(b *Breakpoint) error {
	l := b.Line
	l.URL, l.Text = strings.TrimSpace(l.URL), strings.TrimSpace(l.Text)
	switch {
	case l.URL == "":
		return &InvalidError{"line.url", "is missing: give the script's URL, the end of its path, or a pattern with *"}
	case l.Line < 1:
		return &InvalidError{"line.line", "must be 1 or more: lines count from 1"}
	case l.Column < 0:
		return &InvalidError{"line.column", "must be 1 or more, or left out: columns count from 1"}
	case len(l.Text) > maxPatternLength: // a minified file: its line says too much to follow
		l.Text = ""
	}
	return checkPattern("line.url", l.URL)
}

func checkEvent(b *Breakpoint) error {
	t := strings.TrimSpace(b.Event.Type)
	if strings.ContainsAny(t, " \t\r\n\"'") {
		return &InvalidError{"event.type", "is no event type: give one like install, fetch or push, or * for every one"}
	}
	b.Event.Type = cmp.Or(t, "*")
	return checkPattern("event.type", b.Event.Type)
}

func checkLifecycle(b *Breakpoint) error {
	return word("lifecycle.state", &b.Lifecycle.State, lifecycleStates, false)
}

func checkFetch(b *Breakpoint) error {
	f := b.Fetch
	f.Method = strings.ToUpper(strings.TrimSpace(f.Method))
	f.Destination = strings.ToLower(strings.TrimSpace(f.Destination))
	for _, err := range []error{
		word("fetch.at", &f.At, fetchPoints, true),
		word("fetch.mode", &f.Mode, fetchModes, true),
		checkPattern("fetch.url", f.URL), checkPattern("fetch.client", f.Client),
		checkPattern("fetch.method", f.Method), checkPattern("fetch.destination", f.Destination),
	} {
		if err != nil {
			return err
		}
	}
	if f.At == "dispatch" {
		f.At = ""
	}
	return nil
}

func checkCache(b *Breakpoint) error {
	if err := word("cache.operation", &b.Cache.Operation, cacheOperations, true); err != nil {
		return err
	}
	return cmp.Or(checkPattern("cache.cache", b.Cache.Cache), checkPattern("cache.url", b.Cache.URL))
}

func checkException(b *Breakpoint) error {
	return word("exception.which", &b.Exception.Which, exceptionKinds, false)
}

// word finds a word in any case.
func word(field string, value *string, words []string, optional bool) error {
	v := strings.TrimSpace(*value)
	if v == "" && optional {
		*value = ""
		return nil
	}
	for _, w := range words {
		if strings.EqualFold(v, w) {
			*value = w
			return nil
		}
	}
	return &InvalidError{field, oneOf(v, words)}
}

func checkPattern(field, pattern string) error {
	if len(pattern) > maxPatternLength {
		return &InvalidError{field, "is longer than 8 KiB: use * for the rest"}
	}
	if !utf8.ValidString(pattern) {
		return &InvalidError{field, "is no text (UTF-8)"}
	}
	return nil
}

func oneOf(value string, words []string) string {
	is := "is missing"
	if value != "" {
		is = "is " + quoted(value)
	}
	return is + ": use one of " + strings.Join(words, ", ")
}

func asStrings(kinds []Kind) []string {
	var all []string
	for _, k := range kinds {
		all = append(all, string(k))
	}
	return all
}
