package session

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	cdproto "github.com/chromedp/cdproto/cdp"

	"github.com/swinspect/swinspect/cdp/swproto"
)

// dispatch sends a request to the active worker.
func (r *registration) dispatch(ctx context.Context, ref string, init *fetchInit) (any, error) {
	x, err := r.now()
	if err != nil {
		return nil, err
	}
	if !r.context.o.traces {
		return r.dispatchInPage(ctx, ref, init)
	}
	control, err := r.context.control()
	if err != nil {
		return nil, err
	}
	p := swproto.DispatchFetchParams{RegistrationID: x.Key.ID, URL: ref, Method: init.Method, Navigation: init.Navigation, Body: base64.StdEncoding.EncodeToString(init.body)}
	for _, h := range init.headers {
		p.Headers = append(p.Headers, swproto.Header{Name: h[0], Value: h[1]})
	}
	got, err := cdproto.Call(ctx, control, swproto.DispatchFetch, p)
	if err != nil {
		return nil, err
	}
	if got.Error != "" {
		return nil, &pageError{name: "TypeError", text: "Failed to fetch: " + got.Error}
	}
	f := &fetched{OK: got.Status >= 200 && got.Status < 300, Status: got.Status, StatusText: got.StatusText, URL: ref, Type: "unknown", Headers: map[string]string{}, Source: sourceWord(got.Source, got.FromServiceWorker)}
	for _, h := range got.Headers {
		f.Headers[strings.ToLower(h.Name)] = h.Value
	}
	f.body, err = base64.StdEncoding.DecodeString(got.Body)
	return f, err
}

func sourceWord(source string, worker bool) string {
	switch {
	case source == "cache-storage":
		return "cache"
	case source == "network" || source == "http-cache":
		return source
	case worker:
		return "worker"
	}
	return source
}

// dispatchInPage makes the request in a page that the registration controls: one of the
// script's, else one that is opened for it.
func (r *registration) dispatchInPage(ctx context.Context, ref string, init *fetchInit) (any, error) {
	p, err := r.context.openPage(ctx, "")
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.closeAndForget(context.WithoutCancel(ctx)) }() // the context closes it otherwise
	full := ref
	if !strings.Contains(ref, "://") {
		base, err := r.context.resolve(r.scope)
		if err != nil {
			return nil, err
		}
		full = resolveRef(base, ref)
	}
	if init.Navigation {
		n, err := p.navigate(ctx, full, "load")
		if err != nil {
			return nil, err
		}
		html, err := p.evaluate(ctx, "document.documentElement.outerHTML")
		f := &fetched{OK: n.Status >= 200 && n.Status < 300, Status: n.Status, URL: n.URL, Type: "basic", Headers: n.Headers, Source: n.Source}
		var text string
		_ = json.Unmarshal(html, &text) // a string
		f.body = []byte(text)
		return f, err
	}
	if _, err := p.navigate(ctx, r.scope, "load"); err != nil {
		return nil, fmt.Errorf("opening %s to make the request in: %w", r.scope, err)
	}
	return p.fetch(ctx, full, init)
}
