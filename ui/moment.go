package ui

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

// maxMarks is how many changes the slider marks: one per place that can be told apart.
const maxMarks = 400

// tapeBar is the time slider of a recording.
func (s *Server) tapeBar(t *tape) *components.TapeBar {
	from, to := t.file.Span()
	b := &components.TapeBar{URL: "/b/" + t.ID(), Name: t.Name(), From: from, To: to, At: t.Moment(), Facts: tapeFactsWords(t)}
	b.Prev, b.Next = !t.step(false).IsZero(), !t.step(true).IsZero()
	span := float64(max(to.Sub(from), time.Millisecond))
	placed := map[int]bool{}
	for _, c := range t.whole {
		class := markClass(c.Kind)
		place := int(float64(c.Time.Sub(from)) / span * maxMarks)
		if class == "" || placed[place] {
			continue
		}
		placed[place] = true
		b.Marks = append(b.Marks, components.TapeMark{X: strconv.FormatFloat(float64(place)*100/maxMarks, 'f', 2, 64) + "%", Class: class})
	}
	for _, c := range t.whole {
		if c.Time.After(b.At) {
			break
		}
		if markClass(c.Kind) != "" {
			b.What = components.TapeTime(c.Time) + "  " + changeWords(t.State(), c)
		}
	}
	return b
}

// changeWords says what changed, and of what.
func changeWords(s *inspector.State, c inspector.Change) string {
	words := c.What
	if c.Version != "" {
		words = "#" + c.Version + " " + words
	}
	if r := s.Registration(c.Registration); r != nil {
		words = strings.TrimPrefix(r.Scope, components.Origin(r.Scope)) + "  " + words
	}
	return words
}

func tapeFactsWords(t *tape) string {
	m := t.file.Meta()
	words := string(m.Mode)
	if m.Browser != "" {
		words += ", " + productName(m.Browser)
	}
	if m.Redacted {
		return words + ", secrets replaced"
	}
	return words + ", secrets kept"
}

func tapeDetail(t *tape) string {
	from, to := t.file.Span()
	return components.Span(to.Sub(from)) + " · " + string(t.file.Meta().Mode) + " · " + productName(t.file.Meta().Browser)
}

// parseMilli is a time in ms since 1970; zero when it is none.
func parseMilli(text string) time.Time {
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil || ms <= 0 || ms > 1<<43 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// momentPost moves the time slider: to a step, or to a moment. Whole milliseconds
// include all that happened in them.
func (s *Server) momentPost(w http.ResponseWriter, r *http.Request) {
	t := s.library.tape(r.PathValue("browser"))
	if t == nil {
		s.missing(w, r, nil, "This recording is not open any more.")
		return
	}
	from, to := t.file.Span()
	var at time.Time
	switch r.PostFormValue("step") {
	case "start":
		at = from
	case "end":
		at = to
	case "prev":
		at = t.step(false)
	case "next":
		at = t.step(true)
	default:
		if at = parseMilli(r.PostFormValue("at")); !at.IsZero() {
			at = at.Add(time.Millisecond - time.Microsecond)
		}
	}
	if !at.IsZero() {
		if err := t.seek(r.Context(), at); err != nil {
			s.bad(t.ID(), "Moment", err)
		}
	}
	s.done(w, r, "")
}

// compareMoments is what changed between two moments of a recording.
func (s *Server) compareMoments(w http.ResponseWriter, r *http.Request) {
	t := s.library.tape(r.PathValue("browser"))
	if t == nil {
		s.missing(w, r, nil, "This recording is not open any more.")
		return
	}
	sh := s.shell(r, t.Moment(), t, t.State())
	sh.Title, sh.PageClass, sh.Split = t.Name()+", what changed", "momcmp", true
	sh.Modules = append(sh.Modules, "js/panel.js")
	from, to := t.file.Span()
	a := components.AddressOf(r.URL)
	v := pages.MomentsView{Address: a, From: from, To: to, A: parseMilli(a.Query.Get("a")), B: parseMilli(a.Query.Get("b"))}
	if v.A.IsZero() {
		v.A = from
	} else {
		v.A = v.A.Add(time.Millisecond - time.Microsecond)
	}
	if v.B.IsZero() {
		v.B = t.Moment()
	} else {
		v.B = v.B.Add(time.Millisecond - time.Microsecond)
	}
	for _, c := range t.whole {
		if markClass(c.Kind) != "" && len(v.Changes) < 2000 {
			v.Changes = append(v.Changes, pages.MomentChange{Time: c.Time, What: changeWords(t.State(), c)})
		}
	}
	diff, err := t.file.Compare(r.Context(), v.A, v.B)
	if err != nil {
		v.Error = err.Error()
	}
	v.Diff = diff
	s.render(w, r, http.StatusOK, pages.Moments(sh, v))
}

// recordFor adds what every page says of recording: the button, and the links.
func (s *Server) recordFor(sh *components.Shell, b Browser) {
	if s.library.dir != "" {
		sh.Bench = &components.Bench{Replay: s.opts.Replay != nil, Scripts: s.opts.Scripts != nil}
		if infos, err := s.library.names(); err == nil {
			sh.Bench.Recordings = len(infos)
		}
	}
	live, ok := b.(*inspector.Browser)
	if !ok || s.library.dir == "" {
		return
	}
	folder := s.library.dir
	if abs, err := filepath.Abs(folder); err == nil {
		folder = abs
	}
	rec := &components.Record{URL: "/b/" + b.ID(), Folder: folder, Name: s.proposedName(b)}
	for _, c := range live.State().Contexts {
		rec.Engine = rec.Engine || c.Traces
	}
	if r := s.library.recording(b.ID()); r != nil {
		p := r.record.Progress()
		rec.Running, rec.File, rec.Began, rec.Mode, rec.Redact = true, filepath.Base(r.path), r.began, string(r.mode), r.redact
		rec.Count = components.Count(int(p.Fetches), "request", "requests")
		rec.Size = components.Bytes(float64(sizeOf(r.path)))
	}
	sh.Record = rec
}

// proposedName is a file name that is not taken: the site and the day.
func (s *Server) proposedName(b Browser) string {
	base := "session"
	if live := b.State().Live(); len(live) > 0 {
		host := strings.TrimPrefix(strings.TrimPrefix(components.Origin(live[0].Scope), "https://"), "http://")
		base = strings.Trim(strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
				return r
			}
			return '-'
		}, strings.ToLower(host)), ".-")
	}
	base += s.opts.Now().Local().Format("-20060102-1504")
	name := base
	for n := 2; sizeOf(filepath.Join(s.library.dir, name+suffix)) >= 0 && n < 100; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	return name + suffix
}

// sizeOf is a file's size with what SQLite keeps beside it, -1 when there is none.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return -1
	}
	size := info.Size()
	if wal, err := os.Stat(path + "-wal"); err == nil {
		size += wal.Size()
	}
	return size
}

// markClass is the class of a change's mark on the slider, "" for changes that have none
// and that the slider does not step to.
func markClass(k inspector.ChangeKind) string {
	switch k {
	case inspector.ChangeRegistration, inspector.ChangeVersion:
		return "mk-life"
	case inspector.ChangeError:
		return "mk-bad"
	case inspector.ChangeCache:
		return "mk-cache"
	case inspector.ChangeRunning, inspector.ChangeClient:
		return "mk-run"
	}
	return ""
}
