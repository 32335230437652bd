package components

import (
	"strconv"
	"time"
)

// TapeBar is the time slider over the pages of an opened recording.
type TapeBar struct {
	URL      string // of the recording: posts go to URL + "/moment"
	Name     string
	From, To time.Time
	At       time.Time
	Prev     bool // there is a change before the moment
	Next     bool
	Marks    []TapeMark
	Facts    string // "passive, Chrome 156, secrets replaced"
	What     string // the newest change up to the moment
	Page     string // address of the page that the bar is on, to come back to
}

// TapeMark is a change on the slider.
type TapeMark struct {
	X     string // in per cent
	Class string
}

// Record is the button that records a browser, and what runs.
type Record struct {
	URL     string // of the browser: posts go to URL + "/record"
	Name    string // proposed file name
	Folder  string
	Engine  bool // the target is an engine: it tells everything by itself
	Running bool
	File    string
	Began   time.Time
	Size    string
	Mode    string
	Redact  bool
	Count   string // "12 requests"
	Problem string
}

// Bench are the links below the tree.
type Bench struct {
	Recordings int
	Replay     bool
	Scripts    bool
	Current    string // "replay", "recordings", "scripts" or ""
}

func millisOf(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// TapeTime is a moment of a recording: with milliseconds.
func TapeTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("15:04:05.000")
}

func (b *TapeBar) into() string {
	return "+" + Span(b.At.Sub(b.From)) + " of " + Span(b.To.Sub(b.From))
}

func keyWord(key string) string {
	if key == "" {
		return ""
	}
	return " (" + key + ")"
}

func redactWord(redacted bool) string {
	if redacted {
		return "secrets replaced"
	}
	return "secrets kept"
}
