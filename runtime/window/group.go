package window

import (
	"sync"

	"github.com/swinspect/swinspect/runtime/script"
)

// group is the agent of windows that can reach each other: a page, its frames, and
// the pages it opened.
type group struct {
	context *Context
	agent   *script.Agent
	shared  shared // of the loop alone

	mu    sync.Mutex
	pages int // open pages; the group ends with the last
}

// pageCPU is how much longer than an event of a worker a task of a page may compute:
// its first script builds all there is to see.
const pageCPU = 3

// overran reports a task that was stopped to the page whose script ran last.
func (g *group) overran(err error) {
	if w := g.shared.current; w != nil && !w.doc.gone && w.doc.realm != nil {
		w.doc.realm.ReportError(err)
	}
}

func (c *Context) newGroup(name string) *group {
	b := c.browser
	g := &group{context: c}
	g.agent = script.New(script.Options{
		Name: name, Clock: b.clock, Rand: b.options.Random, Logger: b.log,
		TaskCPU: pageCPU * c.engine.Limits().EventCPU, OnOverrun: g.overran,
	})
	c.mu.Lock()
	c.groups[g] = struct{}{}
	c.mu.Unlock()
	return g
}

// enter counts a page of the group, leave takes it off.
func (g *group) enter() {
	g.mu.Lock()
	g.pages++
	g.mu.Unlock()
}

func (g *group) leave() {
	g.mu.Lock()
	g.pages--
	last := g.pages == 0
	g.mu.Unlock()
	if last {
		g.agent.Terminate(nil)
	}
}

// end ends the agent and waits for it.
func (g *group) end() {
	g.agent.Terminate(nil)
	<-g.agent.Done()
	c := g.context
	c.mu.Lock()
	delete(c.groups, g)
	c.mu.Unlock()
}
