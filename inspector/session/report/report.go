// Package report writes what a run of scripts says: for people ("text"), as one document
// or a stream of JSON ("json", "ndjson"), and in the formats that CI systems read
// ("junit", "tap", "github"). A reporter is given the events of a run one by one.
package report

import (
	"bufio"
	"encoding/json"
	"io"
)

// Reporter writes a report. Its methods are called from one goroutine at a time.
type Reporter interface {
	// Event takes the next event. The one of type [RunEnded] is the last: after
	// it everything is written. The error is that of the writer.
	Event(e *Event) error
}

// Formats are the names that New knows.
var Formats = []string{"text", "json", "ndjson", "junit", "tap", "github"}

// Options are for reporters.
type Options struct {
	// Colour writes text with escape sequences.
	Colour bool
	// Steps lists the steps of every test in the text, not only of those that failed.
	Steps bool
	// GitHubSummary is where the reporter github writes its summary as Markdown; nil for
	// none.
	GitHubSummary io.Writer
	// Prefix is put before the names of files in annotations, which are relative to the
	// repository: the path from there to the working directory, with a slash at its end.
	Prefix string
}

// New makes a reporter of a format; nil for a name that is none.
func New(format string, w io.Writer, o Options) Reporter {
	switch format {
	case "text":
		return newText(w, o)
	case "ndjson":
		return &ndjson{enc: encoder(w)}
	case "json":
		return &document{w: w}
	case "junit":
		return &junit{w: w}
	case "tap":
		return &tap{w: bufio.NewWriter(w)}
	case "github":
		return &github{text: newText(w, o), w: w, o: o}
	}
	return nil
}

func encoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

// ndjson is every event as it comes, one a line.
type ndjson struct{ enc *json.Encoder }

func (p *ndjson) Event(e *Event) error { return p.enc.Encode(e) }
