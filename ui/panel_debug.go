package ui

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/debugger"
	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

// debugRoutes are the panel's other addresses.
var debugRoutes = []PanelRoute{
	{"POST", "/do", debugDo},
	{"POST", "/breakpoint", debugBreakpoint},
	{"POST", "/evaluate", debugEvaluate},
	{"POST", "/set", debugSet},
	{"POST", "/watch", debugWatch},
	{"POST", "/import", debugImport},
	{"GET", "/breakpoints.json", debugExport},
}

const (
	// debugPatience is how long a page waits for source and values.
	debugPatience = 800 * time.Millisecond
	// debugPatienceLive is how long a patch of an open page does: nearly always they
	// are there by then, and come with the pause itself.
	debugPatienceLive = 60 * time.Millisecond
	// maxLog is how many lines of the console are on the page.
	maxLog = 200
)

// debugPage is one request for the panel.
type debugPage struct {
	s    *Server
	r    *http.Request
	p    *PageContext
	seat *seat
	v    pages.DebugView
}

// debugPanel shows the debugger of a browser for one registration.
func debugPanel(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	d := newDebugPage(s, r, p)
	if d.seat != nil {
		if !p.Live {
			s.refreshBreakpoints()
		}
		d.choose()
		d.source()
		values := d.scopes()
		d.watches()
		d.fill(values)
		d.v.Form = pages.NewBreakpointForm(d.v)
		d.v.ListPages(p.State)
	}
	p.Shell.PageClass = "fill debug"
	p.Shell.Panes, p.Shell.Split, p.Shell.Debugging = true, true, d.v.Cannot == ""
	p.Shell.Modules = append(p.Shell.Modules, "js/panel.js", "js/debug.js")
	p.Render(w, r, pages.Debug(p.Shell, d.v))
}

// refreshBreakpoints takes over what other programs wrote into the project's file.
func (s *Server) refreshBreakpoints() {
	if _, err := s.opts.Breakpoints.Refresh(); err != nil {
		s.log.Warn("reading the breakpoints", "error", err)
	}
}

func newDebugPage(s *Server, r *http.Request, p *PageContext) *debugPage {
	d := &debugPage{s: s, r: r, p: p, seat: s.seat(p.Browser)}
	d.v = pages.DebugView{
		Address: components.AddressOf(r.URL), URL: p.URL("debug"), Reg: p.Registration, Frame: -1,
		Name: p.Shell.Browser.Name, CanAct: p.State.Connection.Status == inspector.Live,
	}
	_, recorded := p.Browser.(*tape)
	switch {
	case recorded:
		d.v.Cannot = "This is a recording: what ran in it is over. Fetches shows what was answered and why, and Replay runs its events again on the engine."
	case d.seat == nil:
		d.v.Cannot = "This browser cannot be debugged here."
	default:
		d.v.State = d.seat.debugger.State()
	}
	return d
}

func (d *debugPage) patience() time.Duration {
	if d.p.Live {
		return debugPatienceLive
	}
	return debugPatience
}

// choose finds the version, its worker and the frame that the page is about.
func (d *debugPage) choose() {
	v, q := &d.v, d.v.Address.Query
	own := d.ownThreads()
	if len(own) > 0 {
		v.Thread = own[0]
	}
	if v.Reg != nil {
		d.chooseVersion(own)
	} else if t := v.State.Thread(q.Get("thread")); t != nil {
		v.Thread = t
	}
	d.threads(own)
	if v.Thread != nil && v.Thread.Pause != nil && len(v.Thread.Pause.Frames) > 0 {
		v.Frame = firstFrame(v.Thread.Pause.Frames)
		pause, frame, _ := strings.Cut(q.Get("frame"), ".")
		if n, err := strconv.Atoi(frame); err == nil && pause == v.PauseID() && n >= 0 && n < len(v.Thread.Pause.Frames) {
			v.Frame = n
		}
	}
	v.Breakpoints = d.breakpoints()
	for _, l := range v.State.Log {
		if v.Thread == nil || l.Thread == v.Thread.ID {
			v.Log = append(v.Log, l)
		}
	}
	if extra := len(v.Log) - maxLog; extra > 0 {
		v.Log = v.Log[extra:]
	}
}

// chooseVersion finds the version of the registration, and its worker.
func (d *debugPage) chooseVersion(own []*debugger.Thread) {
	v := &d.v
	v.Version = pages.ChooseVersion(v.Reg, d.chosenVersion(own))
	if v.Reg.Version(v.Address.Query.Get("version")) != nil {
		v.Thread = nil // else: of a version that the browser may not have told of yet
	}
	for _, t := range own {
		if v.Version != nil && t.Version == v.Version.ID {
			v.Thread = t
		}
	}
	for _, ver := range slices.Backward(v.Reg.Versions) {
		v.Versions = append(v.Versions, pages.VersionLink{Version: ver, Current: ver == v.Version})
	}
}

// firstFrame is the innermost frame that has a place in a script.
func firstFrame(frames []debugger.Frame) int {
	for i := range frames {
		if frames[i].Line > 0 {
			return i
		}
	}
	return 0
}

// ownThreads are the workers of the registration, of a page of the browser all; paused
// ones first.
func (d *debugPage) ownThreads() []*debugger.Thread {
	var own []*debugger.Thread
	for _, t := range d.v.State.Threads {
		if reg := d.p.Registration; reg == nil || t.Registration == reg.Key || t.Scope == reg.Scope && t.Registration.ID == "" {
			own = append(own, t)
		}
	}
	rank := func(t *debugger.Thread) int {
		switch {
		case t.Pause != nil:
			return 0
		case t.Status == "starting":
			return 1
		case t.Status == "running":
			return 2
		}
		return 3
	}
	slices.SortStableFunc(own, func(a, b *debugger.Thread) int { return rank(a) - rank(b) })
	return own
}

// chosenVersion is the version that the address names, else that of a worker that is
// paused, else the one that is in view anyway.
func (d *debugPage) chosenVersion(own []*debugger.Thread) string {
	if id := d.v.Address.Query.Get("version"); id != "" {
		return id
	}
	if len(own) > 0 && own[0].Pause != nil {
		return own[0].Version
	}
	return ""
}

// threads lists the workers of the browser, the registration's own first.
func (d *debugPage) threads(own []*debugger.Thread) {
	v := &d.v
	for _, t := range own {
		link := pages.DebugThread{Thread: t, Name: threadName(t, ""), Current: t == v.Thread}
		elsewhere := []string{"version", t.Version, "thread", "", "script", "", "p", "", "line", "", "from", "", "frame", "", "set", ""}
		if v.Reg == nil {
			elsewhere[1], elsewhere[3], link.Name = "", t.ID, threadName(t, t.Scope)
		}
		link.URL = v.Address.With(elsewhere...)
		v.Threads = append(v.Threads, link)
	}
	for _, t := range v.State.Threads {
		if !slices.Contains(own, t) {
			v.Threads = append(v.Threads, pages.DebugThread{Thread: t, Name: threadName(t, t.Scope), URL: safeURL(d.s.debugURL(d.p.Browser, d.p.State, t))})
		}
	}
}

// threadName is what a worker is called: "#124 sw.js", of another scope with it.
func threadName(t *debugger.Thread, scope string) string {
	name := ""
	if scope != "" {
		name = strings.TrimPrefix(scope, components.Origin(scope)) + " "
	}
	if t.Version != "" {
		name += "#" + t.Version
	}
	if scope == "" {
		name += " " + pages.ScriptName(t.URL)
	}
	return strings.TrimSpace(name)
}

// debugURL is the debug panel of a worker's registration.
func (s *Server) debugURL(b Browser, st *inspector.State, t *debugger.Thread) string {
	if reg := st.Registration(t.Registration); reg != nil {
		return "/b/" + b.ID() + "/r/" + reg.Slug(st) + "/debug"
	}
	return "/b/" + b.ID() + "/debug"
}

// debugOfBrowser answers the debugger's addresses of a whole browser: its first worker
// can be stopped in its install before there is a registration to look at.
func (s *Server) debugOfBrowser(h PanelHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		b := s.browserOf(r.PathValue("browser"))
		if b == nil {
			s.missing(w, r, nil, "This browser is not attached any more.")
			return
		}
		state := b.State()
		p := &PageContext{Server: s, Browser: b, State: state, Now: s.nowOf(b), Live: components.Streaming(r.Context())}
		p.Shell = s.shell(r, p.Now, b, state)
		p.Shell.Title = p.Shell.Browser.Name + ", debugger"
		h(s, w, r, p)
	}
}

// debugRoutesOfBrowser are those addresses.
func (s *Server) debugRoutesOfBrowser(mux *http.ServeMux) {
	const base = " /b/{browser}/debug"
	mux.HandleFunc("GET"+base, s.debugOfBrowser(debugPanel))
	for _, route := range debugRoutes {
		mux.HandleFunc(route.Method+base+route.Path, s.debugOfBrowser(route.Handler))
	}
}

// breakpoints are the project's, with what the debugger knows of them.
func (d *debugPage) breakpoints() []*debugger.Status {
	known := map[string]*debugger.Status{}
	for _, b := range d.v.State.Breakpoints {
		known[b.ID] = b
	}
	var out []*debugger.Status
	for _, b := range d.s.opts.Breakpoints.All() {
		st := &debugger.Status{Breakpoint: b}
		if k := known[b.ID]; k != nil {
			with := *k
			with.Breakpoint = b
			st = &with
		}
		out = append(out, st)
	}
	return out
}

// source finds the script in view and its text: the debugger's while the worker is
// attached, else what the inspector has read.
func (d *debugPage) source() {
	v := &d.v
	want := ""
	pause := v.PauseID()
	if q := v.Address.Query; v.Thread == nil || v.Thread.Pause == nil || q.Get("p") == pause {
		want = q.Get("script")
	}
	frameID := ""
	if want == "" && v.Thread != nil && v.Thread.Pause != nil && v.Frame >= 0 {
		f := v.Thread.Pause.Frames[v.Frame]
		want, frameID = f.URL, f.ScriptID
	}
	if want == "" && v.Thread != nil {
		want = d.seat.place(v.Thread.ID, nil).URL
	}
	if v.Thread != nil {
		for _, s := range d.seat.debugger.Scripts(v.Thread.ID) {
			if s.URL != "" || s.ID == frameID {
				v.Source.Scripts = withScript(v.Source.Scripts, pages.DebugScript{URL: s.URL, ID: s.ID}, frameID)
			}
		}
	}
	if len(v.Source.Scripts) == 0 {
		d.inspected(want)
		return
	}
	pick := slices.IndexFunc(v.Source.Scripts, func(s pages.DebugScript) bool {
		return frameID != "" && s.ID == frameID || frameID == "" && s.URL == want
	})
	if pick < 0 {
		pick = max(0, slices.IndexFunc(v.Source.Scripts, func(s pages.DebugScript) bool { return s.URL == v.Thread.URL }))
	}
	script := &v.Source.Scripts[pick]
	script.Current = true
	v.Source.URL, v.Source.ID = script.URL, script.ID
	thread, id := v.Thread.ID, script.ID
	key := strings.Join([]string{d.p.Browser.ID(), "source", thread, id, script.URL, d.v.Thread.Version}, "\x00")
	got := readInto(&d.s.values, d.s, d.r.Context(), key, d.patience(), once[string], func(ctx context.Context) (string, error) {
		return d.seat.debugger.Source(ctx, thread, id)
	})
	v.Source.Text, v.Source.Busy = got.Value, got.Running
	if got.Err != nil {
		v.Source.Problem = got.Err.Error()
	}
}

// withScript adds a script. Of several with one URL (the same that ran again, or the copy
// that the past is shown in) there is one tab: the newest, or that of the chosen frame.
func withScript(all []pages.DebugScript, s pages.DebugScript, frameID string) []pages.DebugScript {
	i := slices.IndexFunc(all, func(o pages.DebugScript) bool { return o.URL == s.URL })
	switch {
	case i < 0:
		return append(all, s)
	case frameID == "" || all[i].ID != frameID:
		all[i] = s
	}
	return all
}

// once reads what does not change.
func once[V any](was Reading[V]) bool { return was.At.IsZero() }

// inspected shows a script that the inspector knows.
func (d *debugPage) inspected(want string) {
	v := &d.v
	if v.Version == nil {
		return
	}
	reading, problem := d.s.readScripts(d.r.Context(), d.p, v.Version.ID)
	reg := d.p.Browser.State().Registration(v.Reg.Key)
	if reg == nil {
		return
	}
	ver := reg.Version(v.Version.ID)
	if ver == nil {
		return
	}
	v.Source.Busy, v.Source.Problem = reading, problem
	pick := -1
	for i, s := range ver.Scripts {
		v.Source.Scripts = append(v.Source.Scripts, pages.DebugScript{URL: s.URL})
		if s.URL == want || pick < 0 && s.Main {
			pick = i
		}
	}
	if pick < 0 && len(ver.Scripts) > 0 {
		pick = 0
	}
	if pick >= 0 {
		v.Source.Scripts[pick].Current = true
		v.Source.URL, v.Source.Text = ver.Scripts[pick].URL, ver.Scripts[pick].Source
	}
}

// fill lays out the rows, and remembers where the worker is paused.
func (d *debugPage) fill(values []pages.DebugInline) {
	v := &d.v
	var last pages.DebugPlace
	if v.Thread != nil {
		last = d.seat.place(v.Thread.ID, nil)
		if p := v.Thread.Pause; p != nil && v.Frame >= 0 {
			at := pages.DebugPlace{URL: p.Frames[v.Frame].URL, Line: p.Frames[v.Frame].Line}
			d.seat.place(v.Thread.ID, &at)
		}
	}
	v.Fill(&d.s.code, values, last)
}
