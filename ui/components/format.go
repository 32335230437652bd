package components

import (
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"
)

// Clock is a time of day: "14:05:13", with the date in front when it is not the
// day of now, "" for the zero time.
func Clock(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	t, now = t.Local(), now.Local()
	if t.YearDay() != now.YearDay() || t.Year() != now.Year() {
		return t.Format("2 Jan 15:04:05")
	}
	return t.Format("15:04:05")
}

// Span is a duration in words of at most two units: "214 ms", "1.8 s",
// "13 min 36 s", "2 h 5 min", "3 d 4 h".
func Span(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 ms"
	case d < time.Millisecond:
		return "<1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + " s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return two(int(d.Minutes()), "min", int(d.Seconds())%60, "s")
	case d < 24*time.Hour:
		return two(int(d.Hours()), "h", int(d.Minutes())%60, "min")
	}
	return two(int(d.Hours())/24, "d", int(d.Hours())%24, "h")
}

func two(a int, au string, b int, bu string) string {
	if b == 0 {
		return fmt.Sprintf("%d %s", a, au)
	}
	return fmt.Sprintf("%d %s %d %s", a, au, b, bu)
}

// Bytes is a size in decimal units: "0 B", "412 B", "41.2 kB", "9.6 GB".
func Bytes(n float64) string {
	if n < 0 || math.IsNaN(n) {
		return ""
	}
	units := []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}
	i := 0
	for n >= 999.5 && i < len(units)-1 {
		n /= 1000
		i++
	}
	if i == 0 || n >= 99.95 {
		return fmt.Sprintf("%.0f %s", n, units[i])
	}
	return fmt.Sprintf("%.1f %s", n, units[i])
}

// Count is "1 window", "2 windows", with thousands apart: "1,284 entries".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + many
}

// Number is n with its thousands apart: "1,284".
func Number(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Href is raw when a browser may follow it (http and https only), "" otherwise:
// what a page names is never a link to anything else.
func Href(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	return u.String()
}

// Origin is the origin of a URL, "" when it has none.
func Origin(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// SplitURL cuts a URL in three: its origin, what may be cut from view, and the
// end that must stay: "https://a.example", "/c/wetsui", "ts?size=m".
func SplitURL(raw string) (origin, start, end string) {
	origin = Origin(raw)
	rest := strings.TrimPrefix(raw, origin)
	if !strings.HasPrefix(raw, origin) || origin == "" {
		origin, rest = "", raw
	}
	runes := []rune(rest)
	const keep = 22
	if len(runes) <= keep {
		return origin, "", rest
	}
	return origin, string(runes[:len(runes)-keep]), string(runes[len(runes)-keep:])
}
