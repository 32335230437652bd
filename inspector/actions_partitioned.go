package inspector

import (
	"context"
	"fmt"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"
)

// skipWaitingInside calls skipWaiting in the waiting worker of a partitioned
// registration: CDP's command would reach the first-party twin. A worker that is
// stopped is woken first, by an empty message from its own frame, which is the
// only way there is. ok is false when it failed.
func (at *attempt) skipWaitingInside(ctx context.Context) (res result, ok bool) {
	if isStopped(at.v) {
		if err := at.wakeWaiting(ctx); err != nil {
			return failed("the waiting worker is stopped and could not be woken: %s", words(err)), false
		}
	}
	s, err := at.await(ctx, func(s *State) bool {
		v := at.registration(s).Version(at.v.ID)
		return v == nil || (v.TargetID != "" && v.Running == serviceworker.VersionRunningStatusRunning)
	})
	v := at.registration(s).Version(at.v.ID)
	if err != nil || v == nil {
		return failed("the waiting worker did not run"), false
	}
	session, err := at.l.conn.Attach(ctx, target.ID(v.TargetID))
	if err != nil {
		return failure(err), false
	}
	at.w.keep(v.TargetID, "skip waiting", true)
	defer at.w.keep(v.TargetID, "skip waiting", false)
	defer at.w.detachNow(session)
	eval, err := cdproto.Call(ctx, session, runtime.Evaluate, runtime.EvaluateParams{Expression: "void self.skipWaiting()"})
	if err == nil {
		err = evalResult(nil, eval.Result, eval.ExceptionDetails)
	}
	if err != nil {
		return failure(err), false
	}
	return result{}, true
}

// wakeWaiting starts a stopped waiting worker from a frame of its partition.
func (at *attempt) wakeWaiting(ctx context.Context) error {
	f, release, err := at.w.frameOf(ctx, at.r.StorageKey)
	if err != nil {
		return err
	}
	defer release()
	var answer struct{ Missing string }
	if err := f.eval(ctx, &answer, wakeScript, at.r.Scope); err != nil {
		return err
	}
	if answer.Missing != "" {
		return fmt.Errorf("its frame sees no waiting worker of %s", at.r.Scope)
	}
	return nil
}

const wakeScript = `async (scope) => {
	const reg = await navigator.serviceWorker.getRegistration(scope);
	if (!reg || reg.scope !== scope || !reg.waiting) return { Missing: 'missing' };
	reg.waiting.postMessage(undefined);
	return {};
}`

// resolveKeys finds out which of several registrations of one scope is the
// first-party one, because an action on one of them was asked for. Where both
// are stopped, starting by scope tells: CDP means the first-party one.
func (w *watcher) resolveKeys(ctx context.Context, r *Registration) {
	w.readKeys()
	s := w.l.b.State()
	now := s.Registration(r.Key)
	if now == nil || now.StorageKey.Doubt == "" {
		return
	}
	main, err := w.main()
	if err != nil {
		return
	}
	if _, err := cdproto.Call(ctx, main, serviceworker.StartWorker, serviceworker.StartWorkerParams{ScopeURL: r.Scope}); err != nil {
		return
	}
	wait, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	// Whether it starts or not, what is known then is all there is to know.
	_, _ = w.l.b.WaitFor(wait, func(s *State) bool {
		for _, o := range s.Live() {
			if w.mine(o) && o.Scope == r.Scope && runningVersion(o) != nil && runningVersion(o).TargetID != "" &&
				runningVersion(o).Running == serviceworker.VersionRunningStatusRunning {
				return true
			}
		}
		return false
	})
	w.readKeys()
}
