package recording

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
)

// Difference is what changed between two moments of a recording.
type Difference struct {
	From, To      time.Time
	Registrations []RegistrationDifference
	Caches        []CacheDifference
}

// Change is what became of a thing.
type Change string

// The changes.
const (
	Added   Change = "added"
	Removed Change = "removed"
	Changed Change = "changed"
)

// FieldDifference is a fact that is another one at the later moment.
type FieldDifference struct{ Field, Before, After string }

// RegistrationDifference is a registration that changed, or a version of it did.
type RegistrationDifference struct {
	Change       Change
	Registration inspector.RegistrationKey
	Scope        string
	StorageKey   string
	Fields       []FieldDifference
	Versions     []VersionDifference
}

// VersionDifference is a version of a registration that changed.
type VersionDifference struct {
	Change    Change
	Version   string
	ScriptURL string
	Fields    []FieldDifference
}

// CacheDifference is a cache that changed. Before and After are the moments at which
// its content was recorded; zero where it was not, and then Entries say nothing of
// that side and Doubt why.
type CacheDifference struct {
	Change        Change
	Ref           inspector.CacheRef
	Before, After time.Time
	Entries       []EntryDifference
	Doubt         string
}

// EntryDifference is an entry of a cache that changed.
type EntryDifference struct {
	Change        Change
	Method, URL   string
	Vary          string // what the response varies by: entries of one URL may differ in it
	Fields        []FieldDifference
	Before, After *SnapshotEntry // nil: it was not there
}

// Compare tells what changed between two moments (a zero b is the end of the
// recording). Moments may be in any order: it is always from a to b.
func (f *File) Compare(ctx context.Context, a, b time.Time) (*Difference, error) {
	before, err := f.State(ctx, a)
	if err != nil {
		return nil, err
	}
	if a.IsZero() {
		before = new(inspector.State)
	}
	after, err := f.State(ctx, b)
	if err != nil {
		return nil, err
	}
	d := &Difference{From: a, To: b, Registrations: compareRegistrations(before, after)}
	var old map[inspector.CacheRef]*Snapshot
	if !a.IsZero() {
		if old, err = f.Caches(ctx, a); err != nil {
			return nil, err
		}
	}
	now, err := f.Caches(ctx, b)
	if err != nil {
		return nil, err
	}
	d.Caches = compareCaches(old, now)
	return d, nil
}

// Empty reports whether nothing changed.
func (d *Difference) Empty() bool { return len(d.Registrations) == 0 && len(d.Caches) == 0 }

func compareRegistrations(before, after *inspector.State) []RegistrationDifference {
	var out []RegistrationDifference
	old := map[inspector.RegistrationKey]*inspector.Registration{}
	for _, r := range before.Registrations {
		old[r.Key] = r
	}
	for _, r := range after.Registrations {
		was := old[r.Key]
		delete(old, r.Key)
		if was == r {
			continue
		}
		if d, differs := compareRegistration(was, r); differs {
			out = append(out, d)
		}
	}
	for _, r := range before.Registrations {
		if old[r.Key] != nil {
			out = append(out, describeRegistration(Removed, r))
		}
	}
	return out
}

func describeRegistration(c Change, r *inspector.Registration) RegistrationDifference {
	return RegistrationDifference{Change: c, Registration: r.Key, Scope: r.Scope, StorageKey: r.StorageKey.Raw}
}

func compareRegistration(was, r *inspector.Registration) (RegistrationDifference, bool) {
	d := describeRegistration(Changed, r)
	switch {
	case was == nil:
		d.Change = Added
		was = new(inspector.Registration)
	case was.Alive() && !r.Alive():
		d.Change = Removed
	}
	d.Fields = fields(registrationFacts(was), registrationFacts(r))
	old := map[string]*inspector.Version{}
	for _, v := range was.Versions {
		old[v.ID] = v
	}
	for _, v := range r.Versions {
		before := old[v.ID]
		delete(old, v.ID)
		c, facts := Changed, [][2]string(nil)
		if before == nil {
			c = Added
		} else {
			facts = versionFacts(before)
		}
		if changed := fields(facts, versionFacts(v)); len(changed) > 0 || c == Added {
			d.Versions = append(d.Versions, VersionDifference{c, v.ID, v.ScriptURL, changed})
		}
	}
	for _, v := range was.Versions {
		if old[v.ID] != nil {
			d.Versions = append(d.Versions, VersionDifference{Removed, v.ID, v.ScriptURL, nil})
		}
	}
	return d, d.Change != Changed || len(d.Fields) > 0 || len(d.Versions) > 0
}

func registrationFacts(r *inspector.Registration) [][2]string {
	preload := ""
	if p := r.NavigationPreload; p != nil {
		preload = fmt.Sprintf("%t %s", p.Enabled, p.Header)
	}
	return [][2]string{
		{"scope", r.Scope}, {"storage key", r.StorageKey.Raw}, {"deleted", stampText(r.DeletedAt)}, {"gone", stampText(r.GoneAt)},
		{"update via cache", r.UpdateViaCache}, {"navigation preload", preload}, {"errors", count(len(r.Errors))},
	}
}

func versionFacts(v *inspector.Version) [][2]string {
	routes := make([]string, len(v.Routes))
	for i, route := range v.Routes {
		routes[i] = route.Raw
	}
	clients := slices.Sorted(slices.Values(v.Clients))
	scripts := make([]string, len(v.Scripts))
	for i, s := range v.Scripts {
		scripts[i] = s.URL + " " + s.Hash
	}
	return [][2]string{
		{"script", v.ScriptURL}, {"status", string(v.Status)}, {"running", string(v.Running)}, {"script received", stampText(v.ScriptResponseTime)},
		{"clients", strings.Join(clients, " ")}, {"routes", strings.Join(routes, " ")}, {"scripts", strings.Join(scripts, " ")},
	}
}

func stampText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return itoa(n)
}

// fields are the facts that differ; a nil before has none.
func fields(before, after [][2]string) []FieldDifference {
	var out []FieldDifference
	for i, fact := range after {
		was := ""
		if i < len(before) {
			was = before[i][1]
		}
		if was != fact[1] {
			out = append(out, FieldDifference{fact[0], was, fact[1]})
		}
	}
	return out
}

// Snapshot is the content of a cache as it was recorded last before a moment.
type Snapshot struct {
	NoteCacheSnapshot
	Ref inspector.CacheRef
	At  time.Time
}

// Caches are the caches as of a moment (the end, when at is zero), by the newest
// snapshot of each; deleted ones are not among them.
func (f *File) Caches(ctx context.Context, at time.Time) (map[inspector.CacheRef]*Snapshot, error) {
	limit := int64(1<<63 - 1)
	if !at.IsZero() {
		limit = at.UnixMicro()
	}
	newest := map[inspector.CacheRef]int64{}
	err := each(ctx, f.db, `SELECT seq, instance, context, storageKey, bucket, cache, entries FROM cache_snapshots
		WHERE time <= ? AND seq <= ? ORDER BY seq`, func(scan func(...any) error) error {
		var seq, entries int64
		var ref inspector.CacheRef
		if err := scan(&seq, &ref.Instance, &ref.Context, &ref.StorageKey, &ref.Bucket, &ref.Name, &entries); err != nil {
			return err
		}
		newest[ref] = seq
		if entries < 0 {
			delete(newest, ref)
		}
		return nil
	}, limit, f.lastSeq)
	if err != nil {
		return nil, fileError("read", f.path, err)
	}
	all := map[inspector.CacheRef]*Snapshot{}
	for ref, seq := range newest {
		m, err := f.Message(ctx, seq)
		if err != nil {
			return nil, err
		}
		s := &Snapshot{Ref: ref, At: m.Time}
		if err := cdp.Decode(m.Params, &s.NoteCacheSnapshot); err != nil {
			return nil, &FileError{Path: f.path, Op: "read", Err: fmt.Errorf("the snapshot of cache %s: %w: %w", ref.Name, ErrCorrupt, err), Advice: adviceCorrupt}
		}
		all[ref] = s
	}
	return all, f.dropDeleted(ctx, at, all)
}

// CacheTimes are the moments at which a cache of a storage was recorded, or seen to be
// deleted, oldest first.
func (f *File) CacheTimes(ctx context.Context, ref inspector.StorageRef) ([]time.Time, error) {
	var all []time.Time
	err := each(ctx, f.db, `SELECT DISTINCT time FROM cache_snapshots
		WHERE instance = ? AND context = ? AND storageKey = ? AND seq <= ? ORDER BY time`, func(scan func(...any) error) error {
		var at int64
		if err := scan(&at); err != nil {
			return err
		}
		all = append(all, time.UnixMicro(at).UTC())
		return nil
	}, ref.Instance, ref.Context, ref.StorageKey, f.lastSeq)
	return all, fileError("read", f.path, err)
}

// dropDeleted takes away the caches that a later reading of their storage no longer
// lists.
func (f *File) dropDeleted(ctx context.Context, at time.Time, all map[inspector.CacheRef]*Snapshot) error {
	if len(all) == 0 {
		return nil
	}
	state, err := f.State(ctx, at)
	if err != nil {
		return err
	}
	for ref, s := range all {
		storage := state.Storage(ref.StorageRef)
		if storage == nil || storage.Error != "" || !storage.ReadAt.After(s.At) {
			continue
		}
		if !slices.ContainsFunc(storage.Caches, func(c *inspector.Cache) bool { return c.Name == ref.Name }) {
			delete(all, ref)
		}
	}
	return nil
}

func compareCaches(before, after map[inspector.CacheRef]*Snapshot) []CacheDifference {
	refs := map[inspector.CacheRef]bool{}
	for ref := range before {
		refs[ref] = true
	}
	for ref := range after {
		refs[ref] = true
	}
	var out []CacheDifference
	for ref := range refs {
		if d, differs := compareCache(ref, before[ref], after[ref]); differs {
			out = append(out, d)
		}
	}
	sort.Slice(out, func(i, j int) bool { return refText(out[i].Ref) < refText(out[j].Ref) })
	return out
}

func refText(r inspector.CacheRef) string {
	return strings.Join([]string{r.Instance, r.Context, r.StorageKey, r.Bucket, r.Name}, "\x00")
}

func compareCache(ref inspector.CacheRef, was, is *Snapshot) (CacheDifference, bool) {
	d := CacheDifference{Change: Changed, Ref: ref}
	var old, now []SnapshotEntry
	var doubts []string
	if was != nil {
		d.Before, old = was.At, was.Entries
		doubts = append(doubts, was.Problem)
	} else {
		d.Change = Added
	}
	if is != nil {
		d.After, now = is.At, is.Entries
		doubts = append(doubts, is.Problem)
	} else {
		d.Change = Removed
	}
	if was != nil && is != nil && was.At.Equal(is.At) {
		return d, false
	}
	d.Doubt = strings.Join(slices.DeleteFunc(doubts, func(s string) bool { return s == "" }), "; ")
	d.Entries = compareEntries(old, now)
	return d, d.Change != Changed || len(d.Entries) > 0
}

// entryKey tells the entries of a cache apart: those of one URL by what they vary by.
func entryKey(e *SnapshotEntry) string {
	key := e.Method + " " + e.URL
	for _, name := range varyNames(e) {
		for _, h := range e.RequestHeaders {
			if strings.EqualFold(h.Name, name) {
				key += "\x00" + name + ":" + h.Value
			}
		}
	}
	return key
}

func varyNames(e *SnapshotEntry) []string {
	var names []string
	for _, h := range e.ResponseHeaders {
		if strings.EqualFold(h.Name, "vary") {
			for name := range strings.SplitSeq(h.Value, ",") {
				names = append(names, strings.ToLower(strings.TrimSpace(name)))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func compareEntries(before, after []SnapshotEntry) []EntryDifference {
	old := map[string][]*SnapshotEntry{}
	for i := range before {
		key := entryKey(&before[i])
		old[key] = append(old[key], &before[i])
	}
	var out []EntryDifference
	for i := range after {
		e := &after[i]
		key := entryKey(e)
		if same := old[key]; len(same) > 0 {
			old[key] = same[1:]
			if changed := fields(entryFacts(same[0]), entryFacts(e)); len(changed) > 0 {
				out = append(out, EntryDifference{Changed, e.Method, e.URL, strings.Join(varyNames(e), ", "), changed, same[0], e})
			}
			continue
		}
		out = append(out, EntryDifference{Added, e.Method, e.URL, strings.Join(varyNames(e), ", "), nil, nil, e})
	}
	for i := range before {
		e := &before[i]
		if left := old[entryKey(e)]; slices.Contains(left, e) {
			out = append(out, EntryDifference{Removed, e.Method, e.URL, strings.Join(varyNames(e), ", "), nil, e, nil})
		}
	}
	return out
}

func entryFacts(e *SnapshotEntry) [][2]string {
	headers := func(list []inspector.Header) string {
		lines := make([]string, len(list))
		for i, h := range list {
			lines[i] = strings.ToLower(h.Name) + ": " + h.Value
		}
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	size := itoa(int(e.Size))
	if e.BodyHash != "" {
		size += " " + e.BodyHash
	}
	return [][2]string{
		{"status", itoa(e.Status)}, {"type", e.ResponseType}, {"body", size}, {"cached", stampText(e.ResponseTime)},
		{"request headers", headers(e.RequestHeaders)}, {"response headers", headers(e.ResponseHeaders)},
	}
}
