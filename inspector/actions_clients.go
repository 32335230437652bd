package inspector

import (
	"context"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
)

func runFocus(ctx context.Context, at *attempt) result {
	id := target.ID(at.t.Key.ID)
	if _, err := cdproto.Call(ctx, at.l.conn.Root(), target.ActivateTarget, target.ActivateTargetParams{TargetID: id}); err != nil {
		return failure(err)
	}
	return confirmed("the tab was brought to the front")
}

// runReload reloads a page; the new document proves it.
func runReload(ctx context.Context, at *attempt) result {
	session, err := at.l.conn.Attach(ctx, target.ID(at.t.Key.ID))
	if err != nil {
		return failure(err)
	}
	defer at.w.detach(session)
	if _, err := cdproto.Call(ctx, session, page.Enable, page.EnableParams{}); err != nil {
		return failure(err)
	}
	loads := session.Listen(64, page.FrameNavigated.Method)
	defer loads.Close()
	if _, err := cdproto.Call(ctx, session, page.Reload, page.ReloadParams{}); err != nil {
		return failure(err)
	}
	at.markSent()
	for {
		select {
		case e, ok := <-loads.C():
			if !ok {
				return failed("the page went away")
			}
			p, ok := decode[page.EventFrameNavigated](e.Params)
			if ok && p.Frame != nil && p.Frame.ParentID == "" {
				return confirmed("the page was loaded again")
			}
		case <-ctx.Done():
			return noEffect("the page was not loaded again: it may ask whether to leave")
		}
	}
}

func runClose(ctx context.Context, at *attempt) result {
	id := target.ID(at.t.Key.ID)
	if _, err := cdproto.Call(ctx, at.l.conn.Root(), target.CloseTarget, target.CloseTargetParams{TargetID: id}); err != nil {
		return failure(err)
	}
	at.markSent()
	if _, err := at.await(ctx, func(s *State) bool { return s.Target(at.t.Key) == nil }); err != nil {
		return noEffect("the page is still open: it may ask whether to leave")
	}
	return confirmed("the page was closed")
}
