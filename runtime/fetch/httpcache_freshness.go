package fetch

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

func lower(s string) string { return strings.ToLower(s) }

// directives are the Cache-Control directives of a message; the first of a name counts.
type directives map[string]string

// directivesOf parses Cache-Control. Pragma: no-cache counts where there is none.
//
// Source: https://www.rfc-editor.org/rfc/rfc9111#section-5.2
func directivesOf(l HeaderList) directives {
	values, ok := GetDecodeSplit(l, "Cache-Control")
	d := directives{}
	if !ok {
		if pragma, _ := l.Get("Pragma"); strings.Contains(lower(pragma), "no-cache") {
			d["no-cache"] = ""
		}
		return d
	}
	for _, v := range values {
		name, argument, _ := strings.Cut(v, "=")
		name = lower(strings.Trim(name, " \t"))
		if _, known := d[name]; known || name == "" {
			continue
		}
		argument = strings.Trim(argument, " \t")
		if strings.HasPrefix(argument, `"`) {
			argument, _ = collectQuoted(argument)
		}
		d[name] = argument
	}
	return d
}

func (d directives) has(name string) bool { _, ok := d[name]; return ok }

// seconds is a delta-seconds argument; an unreadable one counts as 0: stale.
func (d directives) seconds(name string) (time.Duration, bool) {
	v, ok := d[name]
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(v, 10, 63)
	if err != nil && !strings.HasPrefix(v, "-") && v != "" && strings.Trim(v, "0123456789") == "" {
		n = 1 << 31 // too large to parse: the largest there is
	}
	return time.Duration(min(n, 1<<31)) * time.Second, true
}

// lifetime is the explicit freshness lifetime, for a private cache.
//
// Source: https://www.rfc-editor.org/rfc/rfc9111#section-4.2.1
func lifetime(d directives, l HeaderList) (time.Duration, bool) {
	if age, ok := d.seconds("max-age"); ok {
		return age, true
	}
	value, ok := l.Get("Expires")
	if !ok {
		return 0, false
	}
	expires, err := http.ParseTime(value)
	if err != nil {
		return 0, true // "0" and the like: in the past
	}
	date, ok := dateOf(l)
	if !ok {
		return 0, true
	}
	return expires.Sub(date), true
}

func dateOf(l HeaderList) (time.Time, bool) {
	value, _ := l.Get("Date")
	t, err := http.ParseTime(value)
	return t, err == nil
}

// fresh reports whether the stored response may be used unasked at now.
func (s *stored) fresh(now time.Time) bool {
	d := directivesOf(s.headers)
	if d.has("no-cache") {
		return false
	}
	life, explicit := lifetime(d, s.headers)
	if !explicit {
		life = s.heuristicLifetime()
	}
	return s.age(now) < life
}

// heuristicLifetime is a tenth of the time since the last modification.
//
// Source: https://www.rfc-editor.org/rfc/rfc9111#section-4.2.2
func (s *stored) heuristicLifetime() time.Duration {
	if !heuristicStatus(s.status) {
		return 0
	}
	value, _ := s.headers.Get("Last-Modified")
	modified, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	date, ok := dateOf(s.headers)
	if !ok {
		date = s.received
	}
	return max(date.Sub(modified)/10, 0)
}

// age is the current age of a stored response.
//
// Source: https://www.rfc-editor.org/rfc/rfc9111#section-4.2.3
func (s *stored) age(now time.Time) time.Duration {
	apparent := time.Duration(0)
	if date, ok := dateOf(s.headers); ok {
		apparent = max(s.received.Sub(date), 0)
	}
	corrected := s.received.Sub(s.requested)
	if value, ok := s.headers.Get("Age"); ok {
		if n, err := strconv.ParseUint(strings.Trim(value, " "), 10, 31); err == nil {
			corrected += time.Duration(n) * time.Second
		}
	}
	// A virtual clock may stand still while Date is the server's own: then the
	// apparent age is what is wrong, and only what the clock has seen pass counts.
	if apparent > maxClockSkew {
		apparent = 0
	}
	return max(apparent, corrected) + now.Sub(s.received)
}

// maxClockSkew is how far Date may lie in the past before it is the clocks that differ.
const maxClockSkew = 365 * 24 * time.Hour

// heuristicStatus are the status codes that may be cached without being told to.
//
// Source: https://www.rfc-editor.org/rfc/rfc9110#section-15.1
func heuristicStatus(status int) bool {
	switch status {
	case 200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501:
		return true
	}
	return false
}
