package script

import (
	"slices"

	"github.com/dop251/goja"
)

// rejections are the promises that were rejected with nobody listening: goja
// tells at once, HTML reports after the checkpoint those still unhandled.
type rejections struct {
	pending  []*goja.Promise
	reported map[*goja.Promise]struct{}
}

func (a *Agent) trackRejection(p *goja.Promise, operation goja.PromiseRejectionOperation) {
	r := &a.rejections
	switch operation {
	case goja.PromiseRejectionReject:
		r.pending = append(r.pending, p)
		if d := a.Debugger(); d != nil {
			d.rejected(p)
		}
	case goja.PromiseRejectionHandle:
		for i, waiting := range r.pending {
			if waiting == p {
				r.pending = append(r.pending[:i], r.pending[i+1:]...)
				return
			}
		}
		if _, ok := r.reported[p]; ok {
			delete(r.reported, p)
			if a.OnRejectionHandled != nil {
				a.Queue("rejectionhandled", func() { a.OnRejectionHandled(p) })
			}
		}
	}
}

// reportRejections tells OnUnhandledRejection of the promises that the task left
// rejected and unhandled.
func (a *Agent) reportRejections() {
	for len(a.rejections.pending) > 0 {
		pending := a.rejections.pending
		a.rejections.pending = nil
		for _, p := range pending {
			a.reportRejection(p)
		}
	}
}

func (a *Agent) reportRejection(p *goja.Promise) {
	if a.rejections.reported == nil {
		a.rejections.reported = map[*goja.Promise]struct{}{}
	}
	if len(a.rejections.reported) < 1000 {
		a.rejections.reported[p] = struct{}{}
	}
	if a.OnUnhandledRejection != nil {
		a.OnUnhandledRejection(p)
	}
}

// Reject tells of a rejection that the platform took in and that no script will see:
// as a browser does, by a promise of its own that is rejected with the reason. It is
// reported at once, because whoever is told of the failure may end the agent.
func (a *Agent) Reject(reason goja.Value) {
	p, _, reject := a.rt.NewPromise()
	if d := a.Debugger(); d != nil {
		d.quiet++ // nothing is thrown here
		defer func() { d.quiet-- }()
	}
	if err := reject(reason); err != nil {
		return
	}
	r := &a.rejections
	r.pending = slices.DeleteFunc(r.pending, func(o *goja.Promise) bool { return o == p })
	a.reportRejection(p)
}
