package pages

import (
	"fmt"
	"strconv"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/ui/components"
)

const (
	// FetchWindow is how many rows of the fetches table are on the page.
	FetchWindow = 150
	// fetchRow is the height of a row in px: the stylesheet has it too.
	fetchRow = 28
	// maxTable bounds the height of the table, in px: no browser draws an element that is
	// higher than some 17 million. Beyond it what stands for the rows that are not on the
	// page is lower than they are.
	maxTable = 14_000_000
)

// FetchesView is the fetch log of a browser, or the part of it that belongs to one
// registration.
type FetchesView struct {
	Address  components.Address
	Own      string // origin whose URLs show only their path
	Scope    string
	Everyone bool // not only what belongs to the registration
	Filter   components.Filter
	Head     components.TableHead
	Rows     []*fetches.Fetch
	Window   components.Window
	Total    int
	Follow   bool // the newest rows are shown as they come
	Error    string
	Watch    WatchView
	Reload   []inspector.Client // clients that could be reloaded, while nothing was seen
	Axis     WaterfallAxis
	Drawer   *FetchView
	PostURL  string
	Export   string // address of the log as HAR, "" when there is none
}

// WatchView is whether requests are being watched.
type WatchView struct {
	Can      bool // the browser can be watched
	State    string
	Problem  string
	Dropped  int  // rows that were forgotten
	Recorded bool // the log is that of a recording
}

// FetchColumns are the columns of the table.
var fetchColumns = []components.Column{
	{Key: "time", Label: "Time", Class: "c4 f-t"},
	{Key: "method", Label: "Method", Class: "c4 f-m"},
	{Key: "url", Label: "URL"},
	{Key: "decision", Label: "Decision", Class: "f-d"},
	{Key: "source", Label: "Source", Class: "c3 f-s"},
	{Key: "status", Label: "Status", Class: "r f-st"},
	{Key: "size", Label: "Size", Class: "r c4 f-sz", First: "-size"},
	{Key: "took", Label: "Took", Class: "r c2 f-ms", First: "-took"},
}

// NewFetchesHead is the table's head for an address.
func NewFetchesHead(a components.Address) components.TableHead {
	return tableHead(a, "sort", components.Sort{Key: "time"}, fetchColumns)
}

// WaterfallAxis is the stretch of time of the waterfall.
type WaterfallAxis struct {
	From time.Time
	Span time.Duration
}

// NewWaterfall spans the rows of a window.
func NewWaterfall(rows []*fetches.Fetch, now time.Time) WaterfallAxis {
	var from, to time.Time
	for _, f := range rows {
		if from.IsZero() || f.Began.Before(from) {
			from = f.Began
		}
		if end := f.Began.Add(tookOf(f, now)); end.After(to) {
			to = end
		}
	}
	return WaterfallAxis{From: from, Span: max(to.Sub(from), 10*time.Millisecond)}
}

// tookOf is how long a request took, or has been taking.
func tookOf(f *fetches.Fetch, now time.Time) time.Duration {
	switch {
	case f.Timing.End >= 0:
		return f.Timing.End
	case f.Timing.Response >= 0:
		return f.Timing.Response
	case !f.Done && now.Sub(f.Began) < time.Minute:
		return max(0, now.Sub(f.Began))
	}
	return 0
}

// Bar is a stretch of a waterfall's row, in per cent.
type Bar struct{ Class, X, Width, Y, Height string }

// bars are the stretches of a row: waking the worker, the worker's own time, and
// waiting for what answered.
func (x WaterfallAxis) bars(f *fetches.Fetch, now time.Time) []Bar {
	t := f.Timing
	var bars []Bar
	add := func(class string, from, to time.Duration, thin bool) {
		if to <= from && len(bars) > 0 {
			return
		}
		begin := float64(f.Began.Sub(x.From)+from) / float64(x.Span) * 100
		width := max(0.6, float64(to-from)/float64(x.Span)*100)
		b := Bar{Class: class, X: percent(min(begin, 99.4)), Width: percent(min(width, 100-min(begin, 99.4))), Y: "7", Height: "12"}
		if thin {
			b.Y, b.Height = "12", "2"
		}
		bars = append(bars, b)
	}
	begin := time.Duration(0)
	if t.WorkerStart >= 0 && t.WorkerReady > t.WorkerStart {
		add("bar-wake", t.WorkerStart, t.WorkerReady, true)
		begin = t.WorkerReady
	}
	add(fetchBar(f), begin, max(tookOf(f, now), begin), false)
	return bars
}

func fetchBar(f *fetches.Fetch) string {
	if f.Error != "" || f.Decision == fetches.RespondError {
		return "bar-bad"
	}
	switch f.Source {
	case fetches.FromCache, fetches.FromHTTPCache:
		return "bar-cache"
	case fetches.FromWorker:
		return "bar-made"
	case fetches.FromPreload:
		return "bar-pre"
	}
	return "bar-net"
}

// ticks are the ends and the middle of the axis.
func (x WaterfallAxis) ticks() [3]string {
	return [3]string{"0", axisSpan(x.Span / 2), axisSpan(x.Span)}
}

func axisSpan(d time.Duration) string {
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return components.Span(d)
}

// scale is the height of what stands for one row that is not on the page.
func (v FetchesView) scale() float64 {
	return min(fetchRow, maxTable/float64(max(v.Window.Total, 1)))
}

func (v FetchesView) scaleWord() string { return strconv.FormatFloat(v.scale(), 'f', -1, 64) }

// pad is the height of what stands for n rows.
func (v FetchesView) pad(n int) string {
	return strconv.FormatFloat(float64(n)*v.scale(), 'f', -1, 64)
}

// FetchView is one fetch in the drawer.
type FetchView struct {
	Fetch     *fetches.Fetch
	Tab       string
	Children  []*fetches.Fetch
	Parent    *fetches.Fetch
	Verdict   string
	Chain     []ChainLink
	Look      string // address that reads the caches for the chain, "" not needed
	Looking   bool   // they are being read
	Timing    []TimingRow
	Body      *BodyView // of the tab's message
	Engine    bool      // "confirm on the engine" has somewhere to go
	Edit      *ResendView
	Story     string // address of the engine's story, "" none
	Curl      string // to copy
	FetchCall string
}

// BodyView is where a body can be seen.
type BodyView struct {
	Preview, Save string
	Missing       string // why there is none to see
	Size          int64
}

// FetchTabs are the drawer's tabs.
var FetchTabs = []struct{ Name, Title string }{
	{"explain", "Explain"}, {"request", "Request"}, {"response", "Response"}, {"timing", "Timing"}, {"sub", "Sub-requests"},
}

// TimingRow is a step of a fetch in time.
type TimingRow struct {
	Name  string
	At    time.Duration // negative: it did not happen, or nobody told
	Note  string
	Bar   *Bar
	Known inspector.Provenance
}

// NewTiming lays the moments of a fetch out.
func NewTiming(f *fetches.Fetch) []TimingRow {
	t := f.Timing
	end := max(t.End, t.Response, time.Microsecond)
	rows := []TimingRow{
		{Name: "Request began", At: 0, Note: clockMillis(f.Began)},
		{Name: "Worker start", At: t.WorkerStart, Note: "the worker was not running and had to be started"},
		{Name: "Worker ready", At: t.WorkerReady, Note: "the worker could be sent the event"},
		{Name: "Fetch event", At: t.FetchStart, Note: "the event was dispatched"},
		{Name: "respondWith() settled", At: t.RespondWithSettled, Note: "the worker's promise of a response was kept"},
		{Name: "Response", At: t.Response, Note: "status and headers were there"},
		{Name: "End", At: t.End, Note: "the last byte"},
	}
	last := time.Duration(0)
	for i := range rows {
		r := &rows[i]
		if r.At < 0 {
			r.Note = ""
			continue
		}
		from, to := float64(last)/float64(end)*100, float64(r.At)/float64(end)*100
		if i > 0 {
			r.Bar = &Bar{Class: timingClass(i), X: percent(min(from, 99)), Width: percent(max(0.8, min(to-from, 100-from))), Y: "5", Height: "6"}
		}
		last = r.At
	}
	return rows
}

func timingClass(i int) string {
	switch i {
	case 1, 2:
		return "bar-wake"
	case 3, 4:
		return "bar-made"
	}
	return "bar-net"
}

func (r TimingRow) at() string {
	if r.At < 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f ms", float64(r.At)/float64(time.Millisecond))
}
