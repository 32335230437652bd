package inspector

import (
	"context"
	"fmt"

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
