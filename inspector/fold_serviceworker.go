package inspector

import (
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/serviceworker"
)

// serviceWorkerEvents are the events of the ServiceWorker domain.
var serviceWorkerEvents = map[string]handler{
	serviceworker.WorkerRegistrationUpdated.Method: (*fold).registrationsUpdated,
	serviceworker.WorkerVersionUpdated.Method:      (*fold).versionsUpdated,
	serviceworker.WorkerErrorReported.Method:       (*fold).errorReported,
}

// serviceWorkerNotes are the notes about registrations and versions.
var serviceWorkerNotes = tables(
	note((*fold).snapshot),
	note((*fold).storageKey),
	note((*fold).scripts),
	note((*fold).registrationFacts),
)

// wireRegistrations and wireVersions are the params of the two events; the loose
// forms are for when an element does not decode.
type (
	wireRegistrations struct {
		List []*serviceworker.Registration `json:"registrations"`
	}
	wireVersions struct {
		List []*serviceworker.Version `json:"versions"`
	}
	looseRegistrations struct {
		List []jsonv2.Value `json:"registrations"`
	}
	looseVersions struct {
		List []jsonv2.Value `json:"versions"`
	}
)

func registrationList(params jsonv2.Value) []*serviceworker.Registration {
	if p, ok := decode[wireRegistrations](params); ok {
		return present(p.List)
	}
	p, _ := decode[looseRegistrations](params)
	return each[serviceworker.Registration](p.List)
}

func versionList(params jsonv2.Value) []*serviceworker.Version {
	if p, ok := decode[wireVersions](params); ok {
		return present(p.List)
	}
	p, _ := decode[looseVersions](params)
	return each[serviceworker.Version](p.List)
}

// each decodes one by one: what does not decode is left out, the others stay.
func each[T any](raw []jsonv2.Value) []*T {
	var some []*T
	for _, one := range raw {
		if t, ok := decode[*T](one); ok && t != nil {
			some = append(some, t)
		}
	}
	return some
}

// present leaves out nulls.
func present[T any](all []*T) []*T {
	return slices.DeleteFunc(all, func(t *T) bool { return t == nil })
}

// ServiceWorker.workerRegistrationUpdated.
func (f *fold) registrationsUpdated() {
	full := false
	if c := f.s.Context(f.m.Instance, f.m.Context); c != nil && c.expectRegs {
		full = true
		f.context(c.Instance, c.ID).expectRegs = false
	}
	f.mergeRegistrations(f.m.Params, full)
}

// ServiceWorker.workerVersionUpdated.
func (f *fold) versionsUpdated() {
	full := false
	if c := f.s.Context(f.m.Instance, f.m.Context); c != nil && c.expectVers {
		full = true
		f.context(c.Instance, c.ID).expectVers = false
	}
	f.mergeVersions(f.m.Params, full)
}

func (f *fold) snapshot(n NoteSnapshot) {
	if f.s.Context(f.m.Instance, f.m.Context) != nil {
		c := f.context(f.m.Instance, f.m.Context)
		c.expectRegs = c.expectRegs && len(n.Registrations) == 0
		c.expectVers = c.expectVers && len(n.Versions) == 0
	}
	if len(n.Registrations) > 0 {
		f.mergeRegistrations(n.Registrations, true)
	}
	if len(n.Versions) > 0 {
		f.mergeVersions(n.Versions, true)
	}
}

// mergeRegistrations takes over a list of registrations; what a full one does
// not name does not exist any more.
func (f *fold) mergeRegistrations(params jsonv2.Value, full bool) {
	regs := registrationList(params)
	for _, w := range regs {
		f.mergeRegistration(w, full)
	}
	if !full {
		return
	}
	listed := make(map[string]bool, len(regs))
	for _, w := range regs {
		listed[string(w.RegistrationID)] = true
	}
	for _, r := range f.s.Registrations {
		if r.Key.Instance == f.m.Instance && r.Key.Context == f.m.Context && r.Alive() && !listed[r.Key.ID] {
			f.registration(r.Key).LastChanged = f.now
			f.deleted(r.Key, "no longer listed by the browser", Inferred)
		}
	}
}

func (f *fold) mergeRegistration(w *serviceworker.Registration, full bool) {
	k := RegistrationKey{f.m.Instance, f.m.Context, string(w.RegistrationID)}
	old := f.s.Registration(k)
	if old == nil {
		if w.IsDeleted && full {
			return
		}
		r := f.newRegistration(k)
		f.setScope(r, w.ScopeURL)
		what := "registered"
		if full {
			what = "found"
		} else {
			f.inferNewKey(r)
		}
		f.change(Change{Kind: ChangeRegistration, Registration: k, What: what})
	} else if old.Scope != w.ScopeURL {
		f.setScope(f.registration(k), w.ScopeURL)
	}
	now := f.s.Registration(k)
	switch {
	case w.IsDeleted && !now.Deleted():
		cause, known := f.sentBefore(k, Unregister)
		f.deleted(k, cause, known)
	case !w.IsDeleted && now.Deleted():
		r := f.registration(k)
		r.DeletedAt, r.LastChanged = time.Time{}, f.now
		f.change(Change{Kind: ChangeRegistration, Registration: k, What: "registered again", Cause: "before its last client had left"})
	}
}

func (f *fold) newRegistration(k RegistrationKey) *Registration {
	f.context(k.Instance, k.Context)
	return f.addRegistration(&Registration{Key: k, FirstSeen: f.now, LastChanged: f.now})
}

func (f *fold) deleted(k RegistrationKey, cause string, known Provenance) {
	r := f.registration(k)
	r.DeletedAt, r.LastChanged = f.now, f.now
	f.change(Change{Kind: ChangeRegistration, Registration: k, What: "unregistered", Cause: cause, Known: known})
	f.doubt(r)
}

func (f *fold) setScope(r *Registration, scope string) {
	r.Scope, r.LastChanged = scope, f.now
	if r.StorageKey.Known != Seen && !r.keyEvident {
		r.StorageKey = firstPartyKey(scope)
	}
	r.slug = r.newHash(f.s)
	f.doubt(r)
}

// mergeVersions takes over a list of versions; what a full one does not name is
// not alive any more.
func (f *fold) mergeVersions(params jsonv2.Value, full bool) {
	versions := versionList(params)
	for _, w := range versions {
		f.mergeVersion(f.registrationOf(w), w, full)
	}
	if !full {
		return
	}
	type id struct{ registration, version string }
	listed := make(map[id]bool, len(versions))
	for _, w := range versions {
		listed[id{f.registrationOf(w).ID, w.VersionID}] = true
	}
	f.context(f.m.Instance, f.m.Context).listedAt = f.now
	for _, r := range f.s.Registrations {
		if r.Key.Instance != f.m.Instance || r.Key.Context != f.m.Context {
			continue
		}
		for _, v := range r.Versions {
			if !listed[id{r.Key.ID, v.ID}] {
				f.versionLost(r.Key, v)
			}
		}
	}
}

// registrationOf is the registration a version belongs to. A version that
// outlives its registration may come with an invalid registration id: then it
// is looked for by its own.
func (f *fold) registrationOf(w *serviceworker.Version) RegistrationKey {
	k := RegistrationKey{f.m.Instance, f.m.Context, string(w.RegistrationID)}
	if k.ID != "" && k.ID != "-1" {
		return k
	}
	for _, r := range f.s.Registrations {
		if r.Key.Instance == k.Instance && r.Key.Context == k.Context && r.Version(w.VersionID) != nil {
			return r.Key
		}
	}
	return k
}

// errorReported is ServiceWorker.workerErrorReported.
func (f *fold) errorReported() {
	p, ok := decode[serviceworker.EventWorkerErrorReported](f.m.Params)
	if !ok || p.ErrorMessage == nil {
		return
	}
	e := p.ErrorMessage
	k := f.registrationOf(&serviceworker.Version{RegistrationID: e.RegistrationID, VersionID: e.VersionID})
	if k.ID == "" {
		return
	}
	if f.s.Registration(k) == nil {
		f.newRegistration(k)
	}
	r := f.registration(k)
	now := WorkerError{
		Time: f.now, VersionID: e.VersionID, Phase: errorPhase(r.Version(e.VersionID), e.ErrorMessage),
		Message: e.ErrorMessage, URL: e.SourceURL, Line: int(e.LineNumber), Column: int(e.ColumnNumber), Count: 1,
	}
	r.LastChanged = f.now
	for i, was := range r.Errors {
		if was.VersionID != now.VersionID || was.Message != now.Message {
			continue
		}
		r.Errors = slices.Clone(r.Errors)
		f.repeatedError(k, &r.Errors[i], now)
		return
	}
	r.Errors = appended(r.Errors, now, maxErrors)
	f.change(Change{Kind: ChangeError, Registration: k, Version: now.VersionID, What: now.Message, Cause: phaseCause(now.Phase)})
}

const maxErrors = 200

// repeatedError folds a report into one of the same text: Chromium sends one
// report twice, once with a place and once with column -1. Two reports of the
// same form are two errors.
func (f *fold) repeatedError(k RegistrationKey, was *WorkerError, now WorkerError) {
	switch {
	case was.Column < 0 && now.Column >= 0: // the better half of the pair
		was.URL, was.Line, was.Column = now.URL, now.Line, now.Column
	case was.Column >= 0 && now.Column < 0: // the worse half
	default:
		was.Count++
		was.Time = now.Time
		f.change(Change{Kind: ChangeError, Registration: k, Version: now.VersionID, What: now.Message, Cause: phaseCause(now.Phase)})
	}
}
