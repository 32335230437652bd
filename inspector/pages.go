package inspector

import (
	"context"
	"errors"
	"fmt"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
)

// OpenPage opens a tab at a URL, in the default browser context when none is named,
// and gives its target id. It does not wait for the page to load.
func (b *Browser) OpenPage(ctx context.Context, browserContext, url string) (string, error) {
	l, err := b.current()
	if err != nil {
		return "", err
	}
	params := target.CreateTargetParams{URL: url}
	if browserContext != l.defaultContext {
		params.BrowserContextID = cdproto.BrowserContextID(browserContext)
	}
	res, err := cdproto.Call(ctx, l.conn.Root(), target.CreateTarget, params)
	if err != nil {
		return "", fmt.Errorf("inspector: opening %s: %w", url, err)
	}
	return string(res.TargetID), nil
}

// OpenPage opens a tab at a URL like [Browser.OpenPage], and takes care that the
// network of the page is watched before its first request: a browser may be quicker to
// load a page than to tell of it.
func (c *Capture) OpenPage(ctx context.Context, browserContext, url string) (string, error) {
	id, err := c.b.OpenPage(ctx, browserContext, "about:blank")
	if err != nil {
		return "", err
	}
	x, err := c.watched(ctx, id)
	if err == nil {
		var res struct {
			ErrorText string `json:"errorText"`
		}
		err = x.session.Call(ctx, "Page.navigate", map[string]string{"url": url}, &res)
		if err == nil && res.ErrorText != "" {
			err = errors.New(res.ErrorText)
		}
	}
	if err != nil {
		return id, fmt.Errorf("inspector: opening %s: %w", url, err)
	}
	return id, nil
}

// watched waits until the network of a page is watched.
func (c *Capture) watched(ctx context.Context, target string) (*captured, error) {
	for {
		c.mu.Lock()
		a := c.now
		c.mu.Unlock()
		if a == nil {
			return nil, &GoneError{Reason: "not connected"}
		}
		if x := a.find(target); x != nil {
			// Commands are answered in order: the network is on when this one is.
			return x, x.session.Call(ctx, "Page.getFrameTree", struct{}{}, nil)
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-c.ctx.Done():
			return nil, ErrDetached
		}
	}
}
