package session

import (
	"bytes"
	"strings"
	"time"

	"github.com/dop251/goja"
	"github.com/google/pprof/profile"

	"github.com/swinspect/swinspect/inspector/session/report"
)

// sampleFor is how long a script that does not end is watched, to see where it is.
const sampleFor = 150 * time.Millisecond

// sampled is where the script computes: the innermost place that most samples of the
// interpreter's profiler have. Off the loop. The profiler knows lines, but no file of a
// bundle: of a script with modules nothing is said.
func (f *file) sampled() []report.Place {
	if len(f.bundle.inputs) > 1 {
		return nil
	}
	var data bytes.Buffer
	if goja.StartProfile(&data) != nil {
		return nil // another file is being watched
	}
	time.Sleep(sampleFor)
	goja.StopProfile()
	p, err := profile.ParseData(data.Bytes())
	if err != nil {
		return nil
	}
	var most int64
	var at []report.Place
	for _, s := range p.Sample {
		var places []report.Place
		for _, l := range s.Location {
			for _, line := range l.Line {
				if line.Function != nil && strings.HasPrefix(line.Function.Filename, "file:") && pathOf(line.Function.Filename) == f.path {
					places = append(places, report.Place{File: f.name, Line: int(line.Line), Function: functionName(line.Function.Name)})
				}
			}
		}
		if len(places) > 0 && s.Value[0] > most {
			most, at = s.Value[0], places
		}
	}
	return at
}
