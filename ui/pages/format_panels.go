package pages

import "time"

// clockMillis writes the time of day with milliseconds, "" for the zero time.
func clockMillis(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("15:04:05.000")
}

// machine writes a time for the datetime attribute.
func machine(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
