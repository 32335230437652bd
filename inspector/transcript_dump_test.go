package inspector

import (
	"fmt"
	"strings"
	"time"
)

// dumper writes a state as people read it; times are seconds since the first
// message.
type dumper struct {
	strings.Builder
	start time.Time
}

func (d *dumper) line(depth int, format string, args ...any) {
	d.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(d, format, args...)
	d.WriteByte('\n')
}

func (d *dumper) at(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return fmt.Sprintf("%.3f", t.Sub(d.start).Seconds())
}

// dump folds messages and describes the state they lead to and every change on
// the way.
func dump(messages []Message) string {
	d := &dumper{}
	s := new(State)
	var changes []Change
	for _, m := range messages {
		if d.start.IsZero() {
			d.start = m.Time
		}
		next, cs := Apply(s, m)
		s, changes = next, append(changes, cs...)
	}
	d.state(s)
	d.line(0, "")
	d.line(0, "changes")
	for _, c := range changes {
		d.change(c)
	}
	return d.String()
}

func (d *dumper) change(c Change) {
	who := strings.TrimSpace(c.Registration.ID + " #" + c.Version)
	if c.Version == "" {
		who = c.Registration.ID
	}
	line := fmt.Sprintf("%s %s %s: %s", d.at(c.Time), c.Kind, who, c.What)
	if c.Cause != "" {
		line += fmt.Sprintf(" (%s, %s)", c.Cause, c.Known)
	}
	d.line(1, "%s", line)
}

func (d *dumper) state(s *State) {
	c := s.Connection
	d.line(0, "connection %s since %s to %s, %d browser(s) %s", c.Status, d.at(c.Since), c.Product, c.Instances, c.Reason)
	for _, x := range s.Contexts {
		d.line(0, "context %s %q gone=%v %s", x.ID, x.Label, x.Gone, x.Problem)
	}
	for _, r := range s.Registrations {
		d.registration(s, r)
	}
	for _, st := range s.Storages {
		d.line(0, "storage %s stale=%v buckets=%v", st.Ref.StorageKey, st.Stale, st.Buckets)
		for _, c := range st.Caches {
			d.line(1, "cache %s entries=%d stale=%v changes=%d %s", c.Name, c.Entries, c.Stale, c.Changes, c.Problem)
		}
	}
	for _, rc := range s.Receipts {
		d.line(0, "receipt %d %s %s: %s", rc.ID, rc.Action.Kind, rc.Outcome, rc.Detail)
	}
}

func (d *dumper) registration(s *State, r *Registration) {
	word, class := r.Urgency()
	d.line(0, "registration %s %s %s (%s) in %s", r.Key.ID, r.Scope, word, class, r.Key.Instance)
	d.line(1, "storage key %s top level %q %s %s", r.StorageKey.Raw, r.StorageKey.TopLevelSite, r.StorageKey.Known, r.StorageKey.Doubt)
	if !r.Alive() || r.Ghost != "" {
		d.line(1, "deleted %s gone %s ghost %q", d.at(r.DeletedAt), d.at(r.GoneAt), r.Ghost)
	}
	for _, v := range r.Versions {
		d.version(v)
	}
	for _, e := range r.Errors {
		d.line(1, "error #%s %s %q %s:%d:%d ×%d", e.VersionID, e.Phase, e.Message, e.URL, e.Line, e.Column, e.Count)
	}
	for _, p := range r.ClientLog {
		d.line(1, "client log %s by #%s %s to %s", p.URL, p.Version, d.at(p.From), d.at(p.To))
	}
	for _, c := range s.Clients(r) {
		by := "not controlled"
		if c.Version != nil {
			by = "controlled by #" + c.Version.ID
		}
		d.line(1, "client %s %s %s, %s %s", c.Target.Type, c.Target.URL, by, c.Known, c.Reason)
	}
	if why := Why(s, r); why != nil {
		d.line(1, "why: %s", why.Sentence)
		for _, h := range why.Holders {
			d.line(2, "holder %s %s %s since %s, %s %s", h.Kind, h.Title, h.URL, d.at(h.Since), h.Known, h.Reason)
		}
	}
	for _, sp := range Spans(r, s, time.Time{}, time.Time{}) {
		d.line(1, "span %s #%s %s %s–%s open=%v cut=%v", sp.Kind, sp.Version, sp.Label, d.at(sp.From), d.at(sp.To), sp.Open, sp.Cut)
	}
}

func (d *dumper) version(v *Version) {
	d.line(1, "version #%s %s %s since %s, complete=%v", v.ID, v.Status, v.Running, d.at(v.Since()), v.Complete)
	d.line(2, "script %s received %s", v.ScriptURL, d.at(v.ScriptResponseTime))
	d.line(2, "target %q clients %v %s kept %q paused %v", v.TargetID, v.Clients, v.ClientsKnown, v.KeptAlive, v.Paused != nil)
	var steps []string
	for _, t := range v.History {
		steps = append(steps, fmt.Sprintf("%s %s/%s", d.at(t.Time), t.Status, t.Running))
	}
	d.line(2, "history %s", strings.Join(steps, ", "))
	for _, r := range v.Routes {
		d.line(2, "route %d %s → %s", r.ID, r.Condition, r.Source)
	}
	for _, c := range v.Console {
		d.line(2, "console %s %s %q %s:%d", c.Source, c.Level, c.Text, c.URL, c.Line)
	}
}
