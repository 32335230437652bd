package session

import (
	"context"
	"fmt"
	"strings"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
)

// navigateOptions are NavigateOptions of swinspect.d.ts, and ignoreCache of reload.
type navigateOptions struct {
	Timeout     *span  `json:"timeout"`
	WaitUntil   string `json:"waitUntil"`
	IgnoreCache bool   `json:"ignoreCache"`
}

func (c *call) navigateOptions(i int) navigateOptions {
	var o navigateOptions
	c.options(i, &o)
	if o.WaitUntil == "" {
		o.WaitUntil = "load"
	}
	if o.WaitUntil != "load" && o.WaitUntil != "commit" {
		c.fail("waitUntil is 'load' or 'commit', not %q", o.WaitUntil)
	}
	return o
}

// navigation is Navigation of swinspect.d.ts.
type navigation struct {
	URL     string            `json:"url"`
	Status  int64             `json:"status"`
	Headers map[string]string `json:"headers"`
	Worker  bool              `json:"fromServiceWorker"`
	Source  string            `json:"source"`
}

// limited bounds a wait by an option, else by the usual time; words says what it was for.
func (s *stage) limited(ctx context.Context, o *span) (context.Context, context.CancelFunc, time.Duration) {
	limit := s.o.wait(s.f.run)
	if o != nil {
		limit = time.Duration(*o)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	return ctx, cancel, limit
}

func (p *page) navigateWithin(ctx context.Context, url string, o navigateOptions) (*navigation, error) {
	inner, cancel, limit := p.context.stage.limited(ctx, o.Timeout)
	defer cancel()
	n, err := p.navigate(inner, url, o.WaitUntil)
	if err != nil && inner.Err() != nil && ctx.Err() == nil {
		return nil, &timeoutError{what: fmt.Sprintf("waited %s for %s to load: %s", spanText(limit), url, p.loadWords())}
	}
	return n, err
}

// loadWords say how far a load has come.
func (p *page) loadWords() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var waiting []string
	for _, u := range p.loads.urls {
		if len(waiting) < 3 {
			waiting = append(waiting, u)
		}
	}
	switch {
	case len(waiting) > 0:
		return "still waiting for " + strings.Join(waiting, ", ")
	case p.loads.loaded:
		return "the document that is there has been loaded"
	}
	return "its load event has not been fired"
}

func (p *page) navigate(ctx context.Context, url, until string) (*navigation, error) {
	s, err := p.live(ctx)
	if err != nil {
		return nil, err
	}
	r, err := cdproto.Call(ctx, s, cdppage.Navigate, cdppage.NavigateParams{URL: url})
	if err != nil {
		return nil, err
	}
	if r.ErrorText != "" {
		return nil, fmt.Errorf("%s at %s", r.ErrorText, url)
	}
	if r.LoaderID == "" { // within the document
		return &navigation{URL: url, Source: "unknown", Headers: map[string]string{}}, nil
	}
	return p.arrived(ctx, r.LoaderID, url, until)
}

// arrived waits for a document and says where it is from.
func (p *page) arrived(ctx context.Context, loader cdproto.LoaderID, url, until string) (*navigation, error) {
	var n *navigation
	var failure string
	err := p.await(ctx, func(l *loads) bool {
		if text, ok := l.errors[string(loader)]; ok && l.answers[string(loader)] == nil {
			failure = text
			return true
		}
		if l.loader != loader || until == "load" && !l.loaded {
			return false
		}
		n = &navigation{URL: url, Source: "unknown", Headers: map[string]string{}}
		if a := l.answers[string(loader)]; a != nil {
			n = &navigation{URL: a.url, Status: a.status, Headers: a.headers, Worker: a.worker, Source: a.source}
		}
		return true
	})
	if failure != "" {
		return nil, fmt.Errorf("%s at %s", failure, url)
	}
	return n, err
}

func (p *page) reload(ctx context.Context, o navigateOptions) (*navigation, error) {
	inner, cancel, limit := p.context.stage.limited(ctx, o.Timeout)
	defer cancel()
	s, err := p.live(inner)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	before := p.loads.loader
	p.mu.Unlock()
	if err := s.Call(inner, "Page.reload", map[string]bool{"ignoreCache": o.IgnoreCache}, nil); err != nil {
		return nil, err
	}
	var loader cdproto.LoaderID
	var failed string
	err = p.await(inner, func(l *loads) bool {
		loader, failed = l.loader, l.failed
		return l.loader != before
	})
	var n *navigation
	if err == nil && failed == "" {
		n, err = p.arrived(inner, loader, "the page", o.WaitUntil)
	}
	if err == nil && failed != "" {
		p.mu.Lock()
		text := p.loads.errors[string(loader)]
		p.mu.Unlock()
		if text == "" {
			text = "net::ERR_FAILED"
		}
		err = fmt.Errorf("%s at %s", text, failed)
	}
	if err != nil && inner.Err() != nil && ctx.Err() == nil {
		err = &timeoutError{what: fmt.Sprintf("waited %s for the page to load again: %s", spanText(limit), p.loadWords())}
	}
	return n, err
}
