package inspector

import (
	"context"
	"errors"
	"fmt"
	"strings"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
)

// hiddenTarget is a hidden target and the session on it, or why there is none.
type hiddenTarget struct {
	id       string
	session  *cdp.Session
	borrowed bool // it is a page of the user: never navigated, never closed
	err      error
}

// errNoHidden is a browser that knows no hidden targets (they came in 2025): it
// opens a tab instead, which is closed at once.
var errNoHidden = errors.New("this browser has no hidden targets")

// createHidden makes a hidden blank target in a context ("" is the default one)
// and attaches to it. It is no tab, takes no focus, and ends with the
// connection.
func (l *link) createHidden(ctx context.Context, browserContext string) hiddenTarget {
	h := l.createTarget(ctx, browserContext)
	if h.id != "" {
		l.note(browserContext, NoteOwnTarget{TargetID: h.id})
	}
	return h
}

func (l *link) createTarget(ctx context.Context, browserContext string) hiddenTarget {
	if l.noHidden.Load() {
		return hiddenTarget{err: errNoHidden}
	}
	hidden := true
	res, err := cdproto.Call(ctx, l.conn.Root(), target.CreateTarget, target.CreateTargetParams{
		URL: "about:blank", Hidden: &hidden, BrowserContextID: cdproto.BrowserContextID(browserContext),
	})
	if err != nil {
		return hiddenTarget{err: err}
	}
	id := res.TargetID
	info := async(l, func() (target.GetTargetInfoResult, error) {
		return cdproto.Call(ctx, l.conn.Root(), target.GetTargetInfo, target.GetTargetInfoParams{TargetID: id})
	})
	session, err := l.conn.Attach(ctx, id)
	if made := <-info; made.err == nil && made.value.TargetInfo != nil && made.value.TargetInfo.Type == "page" {
		l.noHidden.Store(true)
		err = errNoHidden
	}
	if err != nil {
		l.closeTarget(string(id))
	}
	return hiddenTarget{id: string(id), session: session, err: err}
}

// borrow attaches to a page of the user where there can be no hidden target: its
// session sees the service workers of its whole context just the same.
func (w *watcher) borrow(ctx context.Context, cause error) hiddenTarget {
	pages := w.openPages(func(*Target) bool { return true })
	for _, t := range pages {
		if session, err := w.l.conn.Attach(ctx, target.ID(t.Key.ID)); err == nil {
			return hiddenTarget{id: t.Key.ID, session: session, borrowed: true}
		}
	}
	return hiddenTarget{err: fmt.Errorf("%w; a page that is open in it would do", cause)}
}

// openPages lists the pages of the context, those of the web first.
func (w *watcher) openPages(which func(*Target) bool) []*Target {
	var web, other []*Target
	for _, t := range w.l.b.State().Targets {
		switch {
		case t.Key.Instance != w.l.instance || t.Context != w.context || t.Own || t.Type != "page" || !which(t):
		case strings.HasPrefix(t.URL, "http"):
			web = append(web, t)
		default:
			other = append(other, t)
		}
	}
	return append(web, other...)
}

// closeTarget closes a target of ours. It does not wait: the target is of no
// consequence any more.
func (l *link) closeTarget(id string) {
	if id == "" {
		return
	}
	if err := l.conn.Root().Go(target.CloseTarget.Method, target.CloseTargetParams{TargetID: target.ID(id)}); err != nil {
		l.b.log.Debug("closing a hidden target", "err", err)
	}
}
