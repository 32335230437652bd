package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/mattn/go-isatty"
)

// stdio is what a command talks through: out is data, err is talk.
type stdio struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) string
}

// say writes one line to the user. It may be more than one when format has
// line ends; control characters in arguments are the caller's to clean.
func (s stdio) say(format string, args ...any) {
	// There is nobody left to tell when stderr is gone.
	_, _ = fmt.Fprintf(s.err, format+"\n", args...)
}

// json writes one value, indented, with a line end.
func (s stdio) json(v any) error {
	enc := json.NewEncoder(s.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// jsonLine writes one value on one line (NDJSON).
func (s stdio) jsonLine(v any) error {
	enc := json.NewEncoder(s.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// colour reports whether what goes to w may be coloured.
func (s stdio) colour(w io.Writer) bool {
	return isTerminal(w) && s.env("NO_COLOR") == "" && s.env("TERM") != "dumb"
}

// progress says, once a second from the first second on, that something is
// still going on; only to a person at a terminal. stop takes the line away and
// waits for the one goroutine.
func (s stdio) progress(what string) (stop func()) {
	if !isTerminal(s.err) {
		return func() {}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	began := time.Now()
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for shown := false; ; shown = true {
			select {
			case <-tick.C:
				_, _ = fmt.Fprintf(s.err, "\r\x1b[K%s … %d s", clean(what), int(time.Since(began).Seconds()))
			case <-quit:
				if shown {
					_, _ = fmt.Fprint(s.err, "\r\x1b[K")
				}
				return
			}
		}
	}()
	return func() { close(quit); <-done }
}

// clean makes text that a page or a browser chose harmless for a terminal:
// control characters and those that reorder text are written as escapes.
func clean(s string) string {
	if strings.IndexFunc(s, unprintable) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unprintable(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar
}
