package pages

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

// CachesView is the caches of a registration's storage key.
type CachesView struct {
	Address components.Address
	Now     time.Time
	BodyURL string // route of an entry's body; the entry is its query
	PostURL string // routes that act on entries: PostURL + "/delete" …

	Recorded bool // the caches are those of a recording: nothing can be done to them

	Storage  inspector.StorageRef
	Own      string // origin whose URLs show only their path
	Key      string // storage key as shown
	Buckets  []BucketLink
	Bar      *UsageBar
	Error    string // why the caches could not be read, "" when they were
	Reading  bool   // the names are being read
	Caches   []CacheItem
	Selected *CacheItem // nil: there is none
	Entries  EntriesView
	Drawer   *EntryView
	Tester   TesterView
	Compare  *CompareView
	Confirm  *ConfirmView
}

// BucketLink leads to the caches of a storage bucket.
type BucketLink struct {
	Name    string // "" is the default bucket
	Current bool
}

// CacheItem is a cache in the list.
type CacheItem struct {
	Cache   *inspector.Cache
	Ref     inspector.CacheRef
	Current bool
	Billed  string
	Note    string // "changed since it was read"
	Class   string
}

// Title is the cache's name as shown: a name can be empty or only blanks.
func (c CacheItem) Title() string { return cacheTitle(c.Cache.Name) }

func cacheTitle(name string) string {
	if len(name) == 0 {
		return "(empty name)"
	}
	for _, r := range name {
		if r != ' ' && r != '\t' && r != '\n' {
			return visible(name)
		}
	}
	return strconv.Quote(name)
}

// EntriesView is the table of one cache's entries.
type EntriesView struct {
	Reading   bool
	Measuring bool // sizes are being measured
	Since     time.Time
	Error     string
	TooBig    bool
	Problem   string
	Stale     bool
	ReadAt    time.Time
	Filter    components.Filter
	Head      components.TableHead
	Rows      []*inspector.CacheEntry
	Window    components.Window
	Total     int
	Measure   int     // shown entries that are not measured
	Padding   float64 // share of padding of one opaque entry, 0 unknown
	Chosen    string  // key of the entry in the drawer
	Lookup    LookupView
	variant   map[*inspector.CacheEntry]int
}

// LookupView is the search by URL in a cache that cannot be listed.
type LookupView struct {
	URL   string
	Asked bool
	Entry *inspector.CacheEntry
	Error string
}

// entryWindow is how many entries are on the page at once.
const entryWindow = 100

// NewEntries filters, sorts and cuts a listing.
func NewEntries(a components.Address, l *inspector.Listing, usage *inspector.Usage) EntriesView {
	v := EntriesView{Filter: components.NewFilter(a, "filter", "Filter entries", "type:opaque", inspector.EntryFields)}
	v.Head = entryHead(a)
	if l == nil {
		return v
	}
	v.TooBig, v.Problem, v.Stale, v.ReadAt, v.Total = l.TooBig, l.Problem, l.Stale, l.ReadAt, len(l.Entries)
	keep := func(e *inspector.CacheEntry) bool {
		return v.Filter.Query.Match(func(key string) []string { return inspector.EntryField(e, key) })
	}
	if v.Filter.Query.Empty() {
		keep = nil
	}
	all := SelectEntries(l.Entries, keep, v.Head.Sort)
	from, _ := strconv.Atoi(a.Query.Get("from"))
	v.Window = components.WindowAt(from, entryWindow, len(all))
	v.Rows = all[v.Window.From:v.Window.To]
	for _, e := range all {
		if e.Size < 0 {
			v.Measure++
		}
	}
	v.variant = variants(l.Entries, v.Rows)
	if usage != nil && usage.Padding > 0 && usage.Opaque > 0 {
		v.Padding = float64(usage.Padding) / float64(usage.Opaque)
	}
	return v
}

// Selection lists all entries of a listing that pass the filter of an address.
func Selection(a components.Address, l *inspector.Listing) ([]*inspector.CacheEntry, error) {
	f := components.NewFilter(a, "filter", "", "", inspector.EntryFields)
	if f.Err != nil {
		return nil, f.Err
	}
	return SelectEntries(l.Entries, func(e *inspector.CacheEntry) bool {
		return f.Query.Match(func(key string) []string { return inspector.EntryField(e, key) })
	}, components.Sort{}), nil
}

func entryHead(a components.Address) components.TableHead {
	h := components.TableHead{Address: a, Default: components.Sort{Key: "n"}, Columns: []components.Column{
		{Key: "n", Label: "#", Class: "r c4 e-n"},
		{Key: "method", Label: "Method", Class: "c4 e-m"},
		{Key: "url", Label: "URL"},
		{Key: "status", Label: "Status", Class: "r e-s"},
		{Key: "type", Label: "Type", Class: "c2 e-t"},
		{Key: "mime", Label: "Content type", Class: "c4 e-ct"},
		{Key: "size", Label: "Size", Class: "r e-sz", First: "-size"},
		{Key: "cached", Label: "Cached", Class: "r c3 e-c", First: "-cached"},
		{Key: "vary", Label: "Vary", Class: "c3 e-v"},
	}}
	h.Sort = h.Default
	if s := a.Query.Get("sort"); s != "" {
		h.Sort = components.ParseSort(s)
	}
	return h
}

// variants numbers the rows among the entries with the same method and URL:
// those that Vary tells apart.
func variants(entries []inspector.CacheEntry, rows []*inspector.CacheEntry) map[*inspector.CacheEntry]int {
	type same struct{ method, url string }
	want := make(map[same][]*inspector.CacheEntry, len(rows))
	for _, e := range rows {
		want[same{e.Method, e.URL}] = nil
	}
	out := map[*inspector.CacheEntry]int{}
	for i := range entries {
		k := same{entries[i].Method, entries[i].URL}
		if list, ok := want[k]; ok {
			out[&entries[i]] = len(list)
			want[k] = append(list, &entries[i])
		}
	}
	return out
}

// FindEntry finds an entry by what names it in an address: URL, and the how
// manieth of those with this URL it is.
func FindEntry(l *inspector.Listing, url, variant string) *inspector.CacheEntry {
	n, _ := strconv.Atoi(variant)
	for i := range l.Entries {
		if l.Entries[i].URL != url {
			continue
		}
		if n == 0 {
			return &l.Entries[i]
		}
		n--
	}
	return nil
}

// nth is a row's variant as it stands in addresses, "" for the first.
func (v EntriesView) nth(e *inspector.CacheEntry) string {
	if n := v.variant[e]; n > 0 {
		return strconv.Itoa(n)
	}
	return ""
}

// rowID names a row: it stays with the entry when others come and go.
func (v EntriesView) rowID(e *inspector.CacheEntry) string { return "e-" + strconv.Itoa(e.Index) }

// EntryView is the drawer of one entry.
type EntryView struct {
	Entry   *inspector.CacheEntry
	RowID   string // of its row, for focus
	Preview string // address of the preview frame
	Save    string // address of the download
	Twins   int    // other entries with the same URL
	Padding float64
}

// SelectCaches lists a storage's caches and says which one is shown: the one
// named in the address, else the first.
func SelectCaches(st *inspector.Storage, a components.Address) (items []CacheItem, selected *CacheItem) {
	name, named := a.Query.Get("cache"), a.Query.Has("cache")
	for _, c := range st.Caches {
		items = append(items, CacheItem{Cache: c, Ref: inspector.CacheRef{StorageRef: st.Ref, Name: c.Name}})
	}
	i := slices.IndexFunc(items, func(c CacheItem) bool { return c.Cache.Name == name })
	if !named || i < 0 {
		i = 0
	}
	for n := range items {
		it := &items[n]
		switch {
		case it.Cache.Problem != "":
			it.Note, it.Class = it.Cache.Problem, "wait"
		case it.Cache.Stale:
			it.Note, it.Class = "changed since it was read", "wait"
		}
	}
	if len(items) > 0 {
		items[i].Current = true
		selected = &items[i]
	}
	return items, selected
}

// ConfirmView asks before something is deleted.
type ConfirmView struct {
	Title  string
	Text   string
	Names  []string // of what goes, the first few
	More   int
	Button string
	Action string // address the form posts to
	Fields []components.Param
	Back   string
}

// NewEntryView prepares the drawer of an entry; l may be nil when the cache
// cannot be listed.
func NewEntryView(e *inspector.CacheEntry, l *inspector.Listing, v CachesView) *EntryView {
	d := &EntryView{Entry: e, RowID: v.Entries.rowID(e), Padding: v.Entries.Padding}
	nth := v.Address.Query.Get("n")
	if l != nil {
		for i := range l.Entries {
			if l.Entries[i].URL == e.URL && &l.Entries[i] != e {
				d.Twins++
			}
		}
	}
	q := url.Values{"cache": {v.Selected.Cache.Name}, "entry": {e.URL}}
	if v.Storage.Bucket != "" {
		q.Set("bucket", v.Storage.Bucket)
	}
	if nth != "" {
		q.Set("n", nth)
	}
	d.Preview = v.BodyURL + "?" + q.Encode()
	q.Set("as", "download")
	d.Save = v.BodyURL + "?" + q.Encode()
	return d
}

// Absolute resolves what a user wrote against a scope.
func Absolute(raw, scope string) string {
	base, err := url.Parse(scope)
	if err != nil {
		return raw
	}
	u, err := base.Parse(strings.TrimSpace(raw))
	if err != nil {
		return raw
	}
	return u.String()
}
