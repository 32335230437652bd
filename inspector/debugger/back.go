package debugger

import (
	"context"
	"errors"
	"fmt"

	cdproto "github.com/chromedp/cdproto/cdp"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/cdp/swproto"
)

// StepBack goes back one step in the event that the worker is paused in, or with
// toBreakpoint to the line breakpoint before. Pause.Past says where that is; steps and
// Resume go forward from there, up to where the worker is really paused. A browser that
// cannot do it: ErrNoWayBack.
func (d *Debugger) StepBack(ctx context.Context, id string, toBreakpoint bool) error {
	return d.move(ctx, id, func(t *thread, p *pause) error {
		t.endQuiet()
		t.stepping = &stepping{how: "back"}
		var r swproto.StepBackResult
		err := t.callWith(ctx, swproto.StepBack.Method, swproto.StepBackParams{ToBreakpoint: toBreakpoint}, &r)
		if err == nil {
			if !t.wentBack {
				t.wentBack, t.present = true, p.shown.Stop
			}
			return nil
		}
		t.stepping = nil
		var refused *cdp.CallError
		if errors.As(err, &refused) {
			if refused.Code == cdp.CodeMethodNotFound {
				return ErrNoWayBack
			}
			return fmt.Errorf("%w: %s", ErrNoWayBack, refused.Message)
		}
		return err
	})
}

// inPast asks whether what is paused is the past, or again what was paused before the
// first StepBack. It asks only after one.
func (t *thread) inPast() (past, present bool) {
	if !t.wentBack {
		return false, false
	}
	r, err := t.canStepBack(t.ctx)
	t.wentBack = err == nil && r.Past
	return t.wentBack, err == nil && !r.Past
}

// wayBack fills in what a pause says of the past.
func (t *thread) wayBack(p *pause) {
	if t.noWayBack {
		return
	}
	r, err := t.canStepBack(t.ctx)
	if err != nil {
		var refused *cdp.CallError
		t.noWayBack = errors.As(err, &refused) && refused.Code == cdp.CodeMethodNotFound
		return
	}
	p.shown.CanStepBack = r.Possible
	if r.Past {
		p.shown.Past = &Past{At: int(r.At) + 1, Of: int(r.Present) + 1}
		p.shown.Stop.Words = fmt.Sprintf("in the past, statement %d of %d: %s", p.shown.Past.At, p.shown.Past.Of, p.shown.Stop.Words)
	}
}

func (t *thread) canStepBack(ctx context.Context) (swproto.CanStepBackResult, error) {
	var r swproto.CanStepBackResult
	err := t.callWith(ctx, swproto.CanStepBack.Method, cdproto.Empty{}, &r)
	return r, err
}
