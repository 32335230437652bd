package inspector

import (
	"math"
	"time"

	"github.com/swinspect/swinspect/cdp/swproto"
)

// traceEvents are the events of the SWInspect domain, which a session of a
// browser context sends.
var traceEvents = map[string]handler{
	swproto.Traced.Method: (*fold).traced,
}

// maxTrace bounds Context.Trace.
const maxTrace = 10_000

// traced is SWInspect.traced; even an empty one says that there is a trace. A step
// that is known already (a second session, a second enable) is left out.
func (f *fold) traced() {
	p, ok := decode[swproto.TracedEvent](f.m.Params)
	if !ok {
		return
	}
	c := f.context(f.m.Instance, f.m.Context)
	c.Traces = true
	for _, t := range p.Steps {
		if len(c.Trace) > 0 && t.Seq <= c.Trace[len(c.Trace)-1].Seq {
			continue
		}
		c.Trace = c.trace.add(c.Trace, TraceStep{
			Seq: t.Seq, Time: fromMilliseconds(t.Timestamp, f.now), Algorithm: t.Algorithm, Step: t.Step, Subject: t.Subject,
			Parent: t.Parent, Decision: t.Decision, Verdict: t.Verdict, Details: t.Details,
		}, maxTrace)
	}
	c.TraceMissed += p.Missed
}

// fromMilliseconds is a time since 1970; one that no clock can show is now.
func fromMilliseconds(ms float64, now time.Time) time.Time {
	if math.IsNaN(ms) || math.Abs(ms) > 8.64e15 {
		return now
	}
	return time.UnixMicro(int64(ms * 1000)).UTC()
}
