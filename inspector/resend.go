package inspector

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp/swproto"
)

// Resend is a request that was edited by hand and is made (again).
type Resend struct {
	Method, URL string
	Headers     []Header
	Body        []byte
	Mode        string // navigate, cors, no-cors, same-origin; "": cors
}

// Resent is what came of it.
type Resent struct {
	Status       int // 0: an opaque response, or none
	StatusText   string
	Type         string // response type, "" when it is not told
	URL          string // after redirects
	Headers      []Header
	Body         []byte
	Source       string // where an engine got it; "" when the backend does not tell
	Error        string // the response is a network error
	Took         time.Duration
	FromWorker   bool
	WorkerKnown  bool     // FromWorker was told
	NotSent      []string // headers that a page may not set
	AsSubrequest bool     // a navigation was made as a fetch() of the page
}

// maxResent bounds the response's body, in bytes.
const maxResent = 4 << 20

// ResendThrough makes a request in a page, as its own script would with fetch(): when
// the page is controlled, it passes the page's worker. The page's network shows it.
func (b *Browser) ResendThrough(ctx context.Context, client TargetKey, q Resend) (*Resent, error) {
	l, err := b.current()
	if err != nil {
		return nil, err
	}
	t := b.State().Target(client)
	if t == nil || client.Instance != l.instance {
		return nil, errors.New("inspector: the client went away")
	}
	session, err := l.conn.Attach(ctx, target.ID(client.ID))
	if err != nil {
		return nil, fmt.Errorf("inspector: attaching to %s: %w", t.URL, err)
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), applyTimeout)
		defer cancel()
		if err := session.Detach(end); err != nil {
			b.log.Debug("detaching", "err", err)
		}
	}()
	world, err := isolatedWorld(ctx, session, client.ID)
	if err != nil {
		return nil, fmt.Errorf("inspector: a world in %s: %w", t.URL, err)
	}
	f := &frame{session: session, world: world}
	var answer struct {
		Status                       int
		StatusText, Type, URL, Error string
		Headers                      [][2]string
		Body                         string
		Took                         float64
		NotSent                      []string
	}
	request := map[string]any{"method": q.Method, "url": q.URL, "mode": q.Mode, "headers": pairs(q.Headers), "body": base64.StdEncoding.EncodeToString(q.Body), "max": maxResent}
	if err := f.eval(ctx, &answer, resendScript, request); err != nil {
		return nil, fmt.Errorf("inspector: fetch() in %s: %s", t.URL, words(err))
	}
	body, err := base64.StdEncoding.DecodeString(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("inspector: the body of the answer: %w", err)
	}
	r := &Resent{
		Status: answer.Status, StatusText: answer.StatusText, Type: answer.Type, URL: answer.URL, Error: answer.Error, Body: body,
		Took: time.Duration(answer.Took * float64(time.Millisecond)), NotSent: answer.NotSent, AsSubrequest: q.Mode == "navigate",
	}
	for _, h := range answer.Headers {
		r.Headers = append(r.Headers, Header{Name: h[0], Value: h[1]})
	}
	return r, nil
}

func pairs(hs []Header) [][2]string {
	out := [][2]string{}
	for _, h := range hs {
		out = append(out, [2]string{h.Name, h.Value})
	}
	return out
}

// resendScript makes the request and tells which of its headers fetch() left out. A
// body travels as base64.
const resendScript = `async (q) => {
	const bytes = Uint8Array.from(atob(q.body), (c) => c.charCodeAt(0));
	const init = { method: q.method, headers: new Headers() };
	if (q.mode && q.mode !== 'navigate') init.mode = q.mode;
	if (bytes.length && !/^(GET|HEAD)$/i.test(q.method)) init.body = bytes;
	for (const [name, value] of q.headers) init.headers.append(name, value);
	const began = performance.now();
	try {
		const request = new Request(q.url, init);
		const NotSent = q.headers.map(([name]) => name).filter((name) => !request.headers.has(name));
		const r = await fetch(request);
		const body = new Uint8Array(await r.arrayBuffer()).subarray(0, q.max);
		let text = '';
		for (let i = 0; i < body.length; i += 8192) text += String.fromCharCode(...body.subarray(i, i + 8192));
		return { Status: r.status, StatusText: r.statusText, Type: r.type, URL: r.url, Headers: [...r.headers], Body: btoa(text), Took: performance.now() - began, NotSent };
	} catch (e) {
		return { Error: String(e), Headers: [], NotSent: [], Took: performance.now() - began };
	}
}`

// ResendOnEngine makes a request on a backend that dispatches requests itself, as a
// client of the registration's scope would. The error is one of the command when the
// backend cannot.
func (b *Browser) ResendOnEngine(ctx context.Context, k RegistrationKey, q Resend) (*Resent, error) {
	_, w, r, err := b.find(k)
	if err != nil {
		return nil, err
	}
	session, err := w.main()
	if err != nil {
		return nil, fmt.Errorf("inspector: dispatching to %s: %w", r.Scope, err)
	}
	params := swproto.DispatchFetchParams{
		RegistrationID: k.ID, URL: q.URL, Method: q.Method, Body: base64.StdEncoding.EncodeToString(q.Body), Navigation: q.Mode == "navigate",
	}
	for _, h := range q.Headers {
		params.Headers = append(params.Headers, swproto.Header{Name: h.Name, Value: h.Value})
	}
	began := b.now()
	res, err := cdproto.Call(ctx, session, swproto.DispatchFetch, params)
	if err != nil {
		return nil, fmt.Errorf("inspector: dispatching to %s: %s", r.Scope, words(err))
	}
	body, err := base64.StdEncoding.DecodeString(res.Body)
	if err != nil {
		return nil, fmt.Errorf("inspector: the body of the answer: %w", err)
	}
	out := &Resent{
		Status: int(res.Status), StatusText: res.StatusText, Body: body, Source: res.Source, Error: res.Error, Took: b.now().Sub(began),
		FromWorker: res.FromServiceWorker, WorkerKnown: true,
	}
	for _, h := range res.Headers {
		out.Headers = append(out.Headers, Header{Name: h.Name, Value: h.Value})
	}
	return out, nil
}
