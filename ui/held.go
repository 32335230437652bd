package ui

import (
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/debugger"
	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

// heldFor puts on a page which workers the debuggers hold: it is told on every page,
// because a paused worker holds up pages and updates.
func (s *Server) heldFor(sh *components.Shell, states map[string]*inspector.State, slug string) {
	var newest *components.Held
	for _, b := range s.browsers() {
		st := states[b.ID()]
		if st == nil {
			continue
		}
		for _, t := range s.paused(b.ID()) {
			h := s.heldOf(b, st, t)
			h.Own = slug != "" && sh.Browser != nil && sh.Browser.ID == b.ID() && h.URL == "/b/"+b.ID()+"/r/"+slug+"/debug"
			sh.Held = append(sh.Held, h)
			if sh.Browser == nil || sh.Browser.ID == b.ID() {
				newest = &h
			}
		}
	}
	if newest != nil && (sh.Foot == nil || newest.Since.After(sh.Foot.Time)) {
		sh.Foot = &components.Notice{
			ID: "held", State: components.State{Icon: "paused", Word: "paused", Class: "hold"}, Time: newest.Since,
			Lead: "#" + newest.Version, Text: atPlace(newest.Place) + newest.Words,
		}
	}
}

func (s *Server) heldOf(b Browser, st *inspector.State, t *debugger.Thread) components.Held {
	h := components.Held{
		Browser: b.ID(), Key: t.Registration, Thread: t.ID, Version: t.Version, URL: s.debugURL(b, st, t),
		Words: pages.StopWords(t.Pause.Stop), During: t.Pause.Stop.Event, Holding: t.Pause.Holding,
		Since: t.Pause.Since, ResumesAt: t.Pause.ResumesAt,
	}
	for i := range t.Pause.Frames {
		if t.Pause.Frames[i].Line > 0 {
			h.Place = pages.FramePlace(&t.Pause.Frames[i])
			break
		}
	}
	return h
}

func atPlace(place string) string {
	if place == "" {
		return ""
	}
	return "at " + place + ", "
}

// markHeld says in the tree which registrations have a paused worker.
func (s *Server) markHeld(sh *components.Shell) {
	for _, h := range sh.Held {
		for _, b := range sh.Tree {
			for _, o := range b.Origins {
				for i := range o.Registrations {
					if o.Registrations[i].URL+"/debug" == h.URL {
						o.Registrations[i].State = components.State{Icon: "paused", Word: "paused", Class: "hold"}
					}
				}
			}
		}
	}
}
