package devtools

import (
	"context"
	"net/url"
	"slices"
	"sync"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/runtime/window"
)

// pendingNavigate is a Page.navigate that was not answered yet. Clients wait for the
// load event after the reply: the events of the new document come behind it.
type pendingNavigate struct {
	frame     string
	committed chan string // the loader id; room for one
	answered  chan struct{}
	once      sync.Once
}

// pageNavigate is Page.navigate: answered when the navigation is committed or has
// failed.
func pageNavigate(_ context.Context, s *session, p page.NavigateParams) (page.NavigateResult, error) {
	if u, err := url.Parse(p.URL); err != nil || u.Scheme == "" {
		return page.NavigateResult{}, failed("Cannot navigate to invalid URL")
	}
	pending := &pendingNavigate{frame: string(p.FrameID), committed: make(chan string, 1), answered: make(chan struct{})}
	if pending.frame == "" {
		pending.frame = s.target.id
	}
	s.server.mu.Lock()
	s.page.navigations = append(s.page.navigations, pending)
	s.server.mu.Unlock()
	return page.NavigateResult{}, &rest[page.NavigateResult]{ahead: true, wait: func(ctx context.Context) (page.NavigateResult, error) {
		cdp.AfterReply(ctx, func() { s.answered(pending) })
		return s.navigate(ctx, p, pending)
	}}
}

// answered lets the events go on that waited for a reply.
func (s *session) answered(pending *pendingNavigate) {
	pending.once.Do(func() { close(pending.answered) })
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.page.navigations = slices.DeleteFunc(s.page.navigations, func(o *pendingNavigate) bool { return o == pending })
}

// navigate waits for what comes first: that the document is committed, or the outcome.
func (s *session) navigate(ctx context.Context, p page.NavigateParams, pending *pendingNavigate) (page.NavigateResult, error) {
	type outcome struct {
		result window.NavigateResult
		err    error
	}
	done := make(chan outcome, 1)
	s.server.parallel(func(ctx context.Context) {
		r, err := s.target.page.Navigate(ctx, p.URL, window.NavigateOptions{Referrer: p.Referrer, FrameID: string(p.FrameID)})
		done <- outcome{r, err}
	})
	select {
	case loader := <-pending.committed:
		return page.NavigateResult{FrameID: cdproto.FrameID(pending.frame), LoaderID: cdproto.LoaderID(loader)}, nil
	case o := <-done:
		if o.err != nil {
			return page.NavigateResult{}, failed("%v", o.err)
		}
		return s.navigated(o.result), nil
	case <-ctx.Done():
		return page.NavigateResult{}, ctx.Err()
	case <-s.server.ctx.Done():
		return page.NavigateResult{}, failed("The browser is closing")
	}
}

func (s *session) navigated(r window.NavigateResult) page.NavigateResult {
	out := page.NavigateResult{FrameID: cdproto.FrameID(r.FrameID), IsDownload: r.Download}
	if r.LoaderID != "" {
		out.LoaderID = cdproto.LoaderID(s.server.loader(s.target, r.LoaderID))
	}
	if r.Err != nil {
		out.ErrorText = netError(r.Err)
	} else if r.Download {
		out.ErrorText = "net::ERR_ABORTED"
	}
	return out
}

// answerNavigate answers who navigated the frame, before the events that follow.
func (s *Server) answerNavigate(t *subject, f *window.Frame, told *cdproto.Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range t.sessions {
		for _, pending := range x.page.navigations {
			if pending.frame != f.ID() {
				continue
			}
			if !t.failed[string(told.LoaderID)] {
				select {
				case pending.committed <- string(told.LoaderID):
				default:
				}
			}
			x.conn.out.add(outgoing{wait: pending.answered})
		}
	}
	delete(t.failed, string(told.LoaderID))
}
