package devtools

import (
	_ "embed"
	"encoding/json"
	"strconv"
	"sync/atomic"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/runtime"
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/window"
)

// realmState is a realm that clients may evaluate in. Its worlds are guarded by
// Server.mu, helper and messages belong to the agent's loop.
type realmState struct {
	realm           *script.Realm
	frame           *window.Frame // nil for a worker's
	worker          *window.Worker
	target          *subject
	frameID, loader string // of a frame's
	top             bool   // a page's main frame's, or a worker's
	origin          string
	worlds          []*world
	sources         []*sourced               // guarded by Server.mu
	debuggee        atomic.Pointer[debuggee] // of a worker's that can be paused
	helper          *helper
	evaluating      int           // scripts of clients that run; of the loop
	past            []pastMessage // console messages for sessions that enable Runtime later
	gone            chan struct{} // closed when the realm is destroyed
	nodes           map[*window.Node]int64
}

type realmKey = *script.Realm

// world is an execution context. DIVERGES from Chromium: an isolated world has an id
// and a name of its own, but shares the globals of its frame's main world.
type world struct {
	id    int64
	name  string
	main  bool
	realm *realmState
}

// inspectJS is the JavaScript half of the Runtime domain.
//
//go:embed inspect.js
var inspectJS string

var inspectProgram = goja.MustCompile("swinspect:inspect", inspectJS, true)

// helper is inspect.js in an agent.
type helper struct {
	describe, properties, entries, byValue, deep, proto, read, operate goja.Callable
}

func newHelper(a *script.Agent) *helper {
	v, err := a.Run(inspectProgram)
	if err != nil {
		panic(err)
	}
	o := v.(*goja.Object)
	get := func(name string) goja.Callable { f, _ := goja.AssertFunction(o.Get(name)); return f }
	return &helper{get("describe"), get("properties"), get("entries"), get("byValue"), get("deep"), get("proto"), get("read"), get("operate")}
}

// realmCreated takes a realm in and tells those that listen. On the loop.
func (s *Server) realmCreated(r *script.Realm, f *window.Frame, w *window.Worker) {
	rs := &realmState{gone: make(chan struct{}), realm: r, frame: f, worker: w, helper: newHelper(r.Agent()), top: f == nil || f.Parent() == nil}
	settings := env.Of(r)
	rs.origin = settings.Origin.String()
	var page, frameID, loader string
	if f != nil {
		page, frameID, loader = f.Page().ID(), f.ID(), f.LoaderID()
	}
	if w != nil {
		s.bury(w)
	}
	s.mu.Lock()
	if f != nil {
		rs.target = s.targets[page]
		rs.frameID, rs.loader = frameID, loader
		if t := rs.target; t != nil {
			s.committed(t, frameID, loader)
			if wire := t.loaders[loader]; wire != "" {
				rs.loader = wire
			}
		}
	} else {
		rs.target = s.contextOf(w.Context()).running[w.ID()]
	}
	if rs.target == nil {
		s.mu.Unlock()
		return
	}
	s.realms[r] = rs
	if rs.target.realmThere != nil && len(rs.target.realms) == 0 {
		close(rs.target.realmThere)
		rs.target.realmThere = nil
	}
	rs.target.realms = append(rs.target.realms, rs)
	s.newWorld(rs, "", true)
	for _, name := range rs.target.worldNames {
		s.newWorld(rs, name, false)
	}
	if settings.ID != "" && f != nil {
		s.contextOf(rs.target.context).frames[settings.ID] = f
	}
	scripts, bindings := s.toInject(rs)
	debugged := len(s.sessionsOf(rs.target, "Debugger")) > 0
	s.mu.Unlock()
	if debugged {
		s.debug(rs)
	}
	r.Sourced = func(x script.Source) { s.scriptRuns(rs, x) }
	for _, b := range bindings {
		rs.bind(b.session, b.name)
	}
	if w != nil {
		return
	}
	for _, source := range scripts {
		if _, err := rs.evaluate(source, ""); err != nil {
			r.ReportError(err)
		}
	}
}

// bury tells of the end of the realms that a worker's target had before it was started
// again: their end may be noticed later than the new start, and clients want one after
// the other.
func (s *Server) bury(w *window.Worker) {
	s.mu.Lock()
	var ended []*script.Realm
	if t := s.contextOf(w.Context()).running[w.ID()]; t != nil {
		for _, rs := range t.realms {
			if rs.realm.Agent().Err() != nil {
				ended = append(ended, rs.realm)
			}
		}
	}
	s.mu.Unlock()
	for _, r := range ended {
		s.realmDestroyed(r)
	}
}

// newWorld adds an execution context and tells of it; with Server.mu held.
func (s *Server) newWorld(rs *realmState, name string, main bool) *world {
	s.contextIDs++
	w := &world{id: s.contextIDs, name: name, main: main, realm: rs}
	rs.worlds = append(rs.worlds, w)
	for _, x := range s.sessionsOf(rs.target, "Runtime") {
		emit(x, runtime.ExecutionContextCreated, runtime.EventExecutionContextCreated{Context: s.describeWorld(w)})
	}
	return w
}

func (s *Server) describeWorld(w *world) *runtime.ExecutionContextDescription {
	d := &runtime.ExecutionContextDescription{
		ID: runtime.ExecutionContextID(w.id), Origin: w.realm.origin, Name: w.name,
		UniqueID: strconv.FormatInt(w.id, 10) + "." + s.id[:8],
	}
	if f := w.realm.frame; f != nil {
		kind := "default"
		if !w.main {
			kind = "isolated"
		}
		aux, _ := json.Marshal(map[string]any{"isDefault": w.main, "type": kind, "frameId": f.ID()})
		d.AuxData = jsonv2.Value(aux)
	}
	return d
}

// realmDestroyed takes a realm away with its contexts and remote objects.
func (s *Server) realmDestroyed(r *script.Realm) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rs := s.realms[r]
	if rs == nil {
		return
	}
	delete(s.realms, r)
	for _, id := range rs.nodes {
		delete(s.nodes, id)
	}
	close(rs.gone)
	t := rs.target
	for i, other := range t.realms {
		if other == rs {
			t.realms = append(t.realms[:i:i], t.realms[i+1:]...)
			break
		}
	}
	for _, x := range t.sessions {
		x.objects.drop(rs)
		if !x.on["Runtime"] {
			continue
		}
		for _, w := range rs.worlds {
			emit(x, contextDestroyed, contextDestroyedEvent{
				ExecutionContextID: runtime.ExecutionContextID(w.id), ExecutionContextUniqueID: s.describeWorld(w).UniqueID,
			})
		}
	}
}

// realmWithin bounds the time from a worker's target to its realm.
const realmWithin = 5 * time.Second

// awaitRealm waits for the realm of a worker that was announced just now.
func (s *session) awaitRealm() {
	s.server.mu.Lock()
	there := s.target.realmThere
	s.server.mu.Unlock()
	if there == nil {
		return
	}
	timer := time.NewTimer(realmWithin)
	defer timer.Stop()
	select {
	case <-there:
	case <-s.wire.Context().Done():
	case <-timer.C:
	}
}

// worldOf is the execution context a command names; the main one of the target's
// main realm when it names none.
func (s *session) worldOf(id *int64, unique string) (*world, error) {
	s.awaitRealm()
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	for _, rs := range s.target.realms {
		for _, w := range rs.worlds {
			switch {
			case id != nil && w.id == *id, unique != "" && s.server.describeWorld(w).UniqueID == unique:
				return w, nil
			}
		}
	}
	if id != nil || unique != "" {
		return nil, failed("Cannot find context with specified id")
	}
	for _, rs := range s.target.realms {
		if rs.top {
			return rs.worlds[0], nil
		}
	}
	return nil, failed("Cannot find default execution context")
}

// evaluate runs source in the realm; on the loop.
func (rs *realmState) evaluate(source, url string) (goja.Value, error) {
	if rs.frame != nil {
		return rs.frame.Evaluate(url, source)
	}
	p, err := rs.realm.Agent().Compile(url, []byte(source))
	if err != nil {
		return nil, err
	}
	rs.evaluating++
	defer func() { rs.evaluating-- }()
	return rs.realm.Agent().Run(p)
}

// contextDestroyed is Runtime.executionContextDestroyed with the number that cdproto
// no longer has and clients read.
var contextDestroyed = cdproto.Event[contextDestroyedEvent]{Method: "Runtime.executionContextDestroyed"}

type contextDestroyedEvent struct {
	ExecutionContextID       runtime.ExecutionContextID `json:"executionContextId"`
	ExecutionContextUniqueID string                     `json:"executionContextUniqueId"`
}
