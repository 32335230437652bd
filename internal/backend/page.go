package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
)

// Page is a page in a browser context of its own.
type Page struct {
	*cdp.Session
	Context cdproto.BrowserContextID
	Target  target.ID

	backend *Backend
}

// NewPage opens about:blank in a new browser context and attaches to it, with
// Page and Runtime enabled.
func (b *Backend) NewPage(ctx context.Context) (*Page, error) {
	made, err := cdproto.Call(ctx, b.Conn.Root(), target.CreateBrowserContext, target.CreateBrowserContextParams{})
	if err != nil {
		return nil, err
	}
	p, err := b.OpenPage(ctx, made.BrowserContextID)
	if err != nil {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
		defer cancel()
		_, gone := cdproto.Call(closing, b.Conn.Root(), target.DisposeBrowserContext,
			target.DisposeBrowserContextParams(made))
		return nil, errors.Join(err, gone)
	}
	return p, nil
}

// OpenPage opens one more page of a browser context.
func (b *Backend) OpenPage(ctx context.Context, context cdproto.BrowserContextID) (*Page, error) {
	opened, err := cdproto.Call(ctx, b.Conn.Root(), target.CreateTarget,
		target.CreateTargetParams{URL: "about:blank", BrowserContextID: context})
	if err != nil {
		return nil, err
	}
	s, err := b.Conn.Attach(ctx, opened.TargetID)
	if err != nil {
		return nil, err
	}
	p := &Page{Session: s, Context: context, Target: opened.TargetID, backend: b}
	if _, err := cdproto.Call(ctx, p, page.Enable, page.EnableParams{}); err != nil {
		return nil, err
	}
	if _, err := cdproto.Call(ctx, p, cdpruntime.Enable, cdproto.Empty{}); err != nil {
		return nil, err
	}
	return p, nil
}

// closeWithin bounds what Close waits for.
const closeWithin = 10 * time.Second

// Close disposes of the page's context and everything in it.
func (p *Page) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	_, err := cdproto.Call(ctx, p.backend.Conn.Root(), target.DisposeBrowserContext,
		target.DisposeBrowserContextParams{BrowserContextID: p.Context})
	return err
}

// Navigate starts a navigation and waits until it has committed or failed.
func (p *Page) Navigate(ctx context.Context, url string) error {
	r, err := cdproto.Call(ctx, p, page.Navigate, page.NavigateParams{URL: url})
	if err != nil {
		return err
	}
	if r.ErrorText != "" {
		return fmt.Errorf("navigating to %s: %s", url, r.ErrorText)
	}
	return nil
}

// ScriptError is what an evaluated script threw or rejected with.
type ScriptError struct{ Text string }

func (e *ScriptError) Error() string { return e.Text }

// Evaluate runs an expression in the page, waits for the promise it may give,
// and returns the value as JSON. What it throws is a [*ScriptError].
func (p *Page) Evaluate(ctx context.Context, expression string) (json.RawMessage, error) {
	yes := true
	r, err := cdproto.Call(ctx, p, cdpruntime.Evaluate, cdpruntime.EvaluateParams{
		Expression: expression, AwaitPromise: &yes, ReturnByValue: &yes, UserGesture: &yes,
	})
	if err != nil {
		return nil, err
	}
	if d := r.ExceptionDetails; d != nil {
		text := d.Text
		if d.Exception != nil && d.Exception.Description != "" {
			text = d.Exception.Description
		}
		return nil, &ScriptError{Text: text}
	}
	if r.Result == nil || len(r.Result.Value) == 0 {
		return json.RawMessage("null"), nil
	}
	return json.RawMessage(r.Result.Value), nil
}
