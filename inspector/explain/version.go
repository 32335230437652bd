package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/inspector"
)

// Version explains where a version of a registration is and how it came there: what
// the update that brought it compared, why it waits, why it is redundant. changes are
// what happened to the registration, oldest first.
func Version(s *inspector.State, r *inspector.Registration, v *inspector.Version, changes []inspector.Change) Chain {
	c := Chain{
		Subject: fmt.Sprintf("version #%s of %s", v.ID, r.Scope), Verdict: inspector.StatusWord(v.Status),
		Answer: fmt.Sprintf("#%s is %s.", v.ID, inspector.StatusWord(v.Status)),
	}
	c.compared(r, v)
	for _, change := range changes {
		if change.Version != v.ID || change.Registration != r.Key || change.Kind != inspector.ChangeVersion && change.Kind != inspector.ChangeError {
			continue
		}
		l := Link{Question: "What happened to it?", Answer: upper(change.What) + ".", Known: change.Known, From: "ServiceWorker.workerVersionUpdated", Verdict: last(change.What)}
		if change.Kind == inspector.ChangeError {
			l.From = "ServiceWorker.workerErrorReported"
		}
		if change.Cause != "" {
			l.Answer = upper(change.What) + ": " + change.Cause + "."
			c.Answer = fmt.Sprintf("#%s is %s: %s.", v.ID, inspector.StatusWord(v.Status), change.Cause)
		}
		l.Algorithm = algorithmOf(change.What)
		c.add(l)
	}
	if v.Status == serviceworker.VersionStatusInstalled {
		c.waits(s, r)
	}
	return c
}

// last is the state that a change led to.
func last(what string) string {
	if i := strings.LastIndex(what, "→ "); i >= 0 {
		return strings.TrimSpace(what[i+len("→ "):])
	}
	return ""
}

// algorithmOf names the algorithm in which a status changes.
func algorithmOf(what string) string {
	switch last(what) {
	case "installing", "installed", "waiting":
		return "Install"
	case "activating", "activated", "active":
		return "Activate"
	case "redundant":
		return "Update Worker State"
	}
	return ""
}

// waits is why a version waits.
func (c *Chain) waits(s *inspector.State, r *inspector.Registration) {
	why := inspector.Why(s, r)
	if why == nil {
		return
	}
	c.Answer = why.Sentence
	l := Link{Question: "Why does it wait?", Answer: why.Sentence, Verdict: "waiting", Algorithm: "Try Activate", Known: inspector.Seen, From: "ServiceWorker.workerVersionUpdated: controlledClients"}
	if why.Note != "" {
		l.Answer += " " + why.Note
	}
	for _, h := range why.Holders {
		if h.Known == inspector.Inferred {
			l.Known = inspector.Inferred
		}
		l.Candidates = append(l.Candidates, Candidate{Name: strings.TrimSpace(h.Kind + " " + h.Title), Why: h.Reason, Stored: h.URL})
	}
	c.add(l)
}

// compared is what the update that brought a version found different.
func (c *Chain) compared(r *inspector.Registration, v *inspector.Version) {
	i := slices.IndexFunc(r.Versions, func(o *inspector.Version) bool { return o.ID == v.ID })
	if i <= 0 {
		return
	}
	old := r.Versions[i-1]
	l := Link{Question: "What did the update find different?", Algorithm: "Update", Known: inspector.Inferred, From: "the scripts of both versions, compared byte by byte"}
	if len(old.Scripts) == 0 || len(v.Scripts) == 0 {
		l.Verdict, l.From = "byte-different", "the specification: a version is installed only when a byte of it or of an import differs"
		l.Answer = "A byte of its script, or of one that it imports. Which one cannot be told: the sources of both versions were not read."
		c.add(l)
		return
	}
	l.Candidates = differing(old, v)
	switch n := len(l.Candidates); n {
	case 0:
		l.Verdict, l.Answer = "byte-identical", "Nothing that was read: another import may differ, or it was installed anew on demand (update on reload, another script URL)."
	default:
		first := l.Candidates[0]
		l.Verdict, l.Answer = "byte-different", first.Name+" "+first.Why+"."
		if n > 1 {
			l.Answer += fmt.Sprintf(" %d more scripts differ.", n-1)
		}
	}
	c.add(l)
}

// differing are the scripts of two versions that are not the same, main script first.
func differing(old, now *inspector.Version) []Candidate {
	before := map[string]string{}
	for _, s := range old.Scripts {
		before[s.URL] = s.Source
	}
	var all []Candidate
	for _, s := range now.Scripts {
		was, ok := before[s.URL]
		delete(before, s.URL)
		c := Candidate{Name: s.URL, Result: inspector.Fail, Step: "bytes"}
		switch {
		case !ok:
			c.Why = "is new"
		case was == s.Source:
			continue
		default:
			c.Why, c.Stored, c.Request = difference(was, s.Source)
		}
		all = append(all, c)
	}
	for _, s := range old.Scripts {
		if _, left := before[s.URL]; left {
			all = append(all, Candidate{Name: s.URL, Result: inspector.Fail, Step: "bytes", Why: "is no longer imported"})
		}
	}
	return all
}

// difference says where two texts part, with the lines in which they do.
func difference(a, b string) (why, before, after string) {
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	line := strings.Count(a[:at], "\n") + 1
	return fmt.Sprintf("differs from byte %d on, in line %d", at+1, line), lineAt(a, at), lineAt(b, at)
}

const maxLine = 200

// lineAt is the line around an offset, cut to what one can read.
func lineAt(s string, at int) string {
	at = min(at, len(s))
	from := strings.LastIndexByte(s[:at], '\n') + 1
	to := len(s)
	if i := strings.IndexByte(s[at:], '\n'); i >= 0 {
		to = at + i
	}
	from = max(from, at-maxLine/2)
	to = min(to, at+maxLine/2)
	return strings.ToValidUTF8(s[from:to], "\uFFFD")
}

// Registration explains each version that is there, and those that went, newest first;
// of more than maxVersions, the newest.
func Registration(s *inspector.State, r *inspector.Registration, changes []inspector.Change) []Chain {
	const maxVersions = 20
	var all []Chain
	for _, v := range slices.Backward(r.Versions) {
		if len(all) == maxVersions {
			break
		}
		all = append(all, Version(s, r, v, changes))
	}
	return all
}
