package session

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"

	"github.com/swinspect/swinspect/cdp"
)

// loads is what the page's events say of its documents.
type loads struct {
	loader   cdproto.LoaderID // of the document that is there
	url      string           // of the document
	loaded   bool
	failed   string                         // the address that could not be loaded, of an error page
	answers  map[string]*answer             // by loader: of documents
	errors   map[string]string              // by loader: why there was no document
	byURL    map[string]*answer             // the newest answer of each URL
	answered int                            // how many answers there were
	urls     map[network.RequestID]string   // of requests under way
	isDoc    map[network.RequestID]struct{} // requests of documents
	closed   bool
	crashed  bool
}

// answer is a response as it is known from the page's network.
type answer struct {
	url     string
	status  int64
	headers map[string]string
	worker  bool
	source  string
	seq     int // counts the answers of the page
}

// consoleMessage is ConsoleMessage of swinspect.d.ts.
type consoleMessage struct {
	Time  float64 `json:"time"`
	Level string  `json:"level"`
	Text  string  `json:"text"`
	URL   string  `json:"url"`
	Line  int     `json:"line"`
}

// follow is the page's goroutine.
func (p *page) follow() {
	defer close(p.done)
	for e := range p.events.C() {
		if e.Method == "Fetch.requestPaused" {
			p.context.network.paused(p.session, e, false)
			continue
		}
		p.mu.Lock()
		if p.hear(e) {
			close(p.changed)
			p.changed = make(chan struct{})
		}
		p.mu.Unlock()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loads.closed = true
	close(p.changed)
	p.changed = make(chan struct{})
}

// hear folds one event in, with mu held; it reports whether somebody may wait for it.
func (p *page) hear(e cdp.Event) bool {
	l := &p.loads
	switch e.Method {
	case cdppage.FrameNavigated.Method:
		var v struct {
			Frame struct {
				LoaderID       cdproto.LoaderID `json:"loaderId"`
				ParentID       string           `json:"parentId"`
				UnreachableURL string           `json:"unreachableUrl"`
				URL            string           `json:"url"`
			} `json:"frame"`
		}
		if cdp.Decode(e.Params, &v) != nil || v.Frame.ParentID != "" {
			return false
		}
		l.loader, l.loaded, l.failed = v.Frame.LoaderID, false, v.Frame.UnreachableURL
		l.url = v.Frame.URL
		return true
	case cdppage.LoadEventFired.Method:
		l.loaded = true
		return true
	case runtime.ConsoleAPICalled.Method, runtime.ExceptionThrown.Method:
		if m, ok := consoleOf(e); ok {
			p.console = append(p.console, m)
		}
		return true
	case cdppage.JavascriptDialogOpening.Method:
		// Nobody is there to answer: what it asks is refused, as by a user who closes it.
		_ = p.session.Go(cdppage.HandleJavaScriptDialog.Method, cdppage.HandleJavaScriptDialogParams{Accept: false}) // the page is gone: so is its dialog
	case "Inspector.targetCrashed":
		l.crashed = true
		return true
	}
	return p.hearNetwork(e)
}

// hearNetwork is hear for requests.
func (p *page) hearNetwork(e cdp.Event) bool {
	l := &p.loads
	switch e.Method {
	case network.RequestWillBeSent.Method:
		var v struct {
			RequestID network.RequestID `json:"requestId"`
			LoaderID  string            `json:"loaderId"`
			Type      string            `json:"type"`
			Request   struct {
				URL string `json:"url"`
			} `json:"request"`
		}
		if cdp.Decode(e.Params, &v) == nil {
			l.urls[v.RequestID] = v.Request.URL
			if v.Type == "Document" && string(v.RequestID) == v.LoaderID {
				l.isDoc[v.RequestID] = struct{}{}
			}
		}
	case network.ResponseReceived.Method:
		return p.hearResponse(e)
	case network.LoadingFailed.Method:
		var v struct {
			RequestID     network.RequestID `json:"requestId"`
			ErrorText     string            `json:"errorText"`
			BlockedReason string            `json:"blockedReason"`
		}
		if cdp.Decode(e.Params, &v) != nil {
			return false
		}
		delete(l.urls, v.RequestID)
		if _, doc := l.isDoc[v.RequestID]; doc {
			l.errors[string(v.RequestID)] = v.ErrorText
			return true
		}
	case network.LoadingFinished.Method:
		var v struct {
			RequestID network.RequestID `json:"requestId"`
		}
		if cdp.Decode(e.Params, &v) == nil {
			delete(l.urls, v.RequestID)
		}
	}
	return false
}

func (p *page) hearResponse(e cdp.Event) bool {
	var v struct {
		RequestID network.RequestID `json:"requestId"`
		LoaderID  string            `json:"loaderId"`
		Type      string            `json:"type"`
		Response  struct {
			URL                string            `json:"url"`
			Status             int64             `json:"status"`
			Headers            map[string]string `json:"headers"`
			FromServiceWorker  bool              `json:"fromServiceWorker"`
			FromDiskCache      bool              `json:"fromDiskCache"`
			FromPrefetchCache  bool              `json:"fromPrefetchCache"`
			ServiceWorkerFrom  string            `json:"serviceWorkerResponseSource"`
			CacheStorageName   string            `json:"cacheStorageCacheName"`
			ServiceWorkerRoute *struct {
				Actual string `json:"actualSourceType"`
			} `json:"serviceWorkerRouterInfo"`
		} `json:"response"`
	}
	if cdp.Decode(e.Params, &v) != nil {
		return false
	}
	a := &answer{url: v.Response.URL, status: v.Response.Status, headers: lowered(v.Response.Headers), worker: v.Response.FromServiceWorker, source: "network"}
	switch {
	case v.Response.ServiceWorkerFrom == "cache-storage" || v.Response.CacheStorageName != "":
		a.source = "cache"
	case v.Response.FromDiskCache || v.Response.ServiceWorkerFrom == "http-cache":
		a.source = "http-cache"
	case v.Response.ServiceWorkerFrom == "network":
	case v.Response.FromServiceWorker:
		a.source = "worker"
	}
	p.loads.answered++
	a.seq = p.loads.answered
	p.loads.byURL[a.url] = a
	if v.Type == "Document" && string(v.RequestID) == v.LoaderID {
		p.loads.answers[v.LoaderID] = a
	}
	return true
}

func lowered(headers map[string]string) map[string]string {
	low := make(map[string]string, len(headers))
	for name, value := range headers {
		low[strings.ToLower(name)] = value
	}
	return low
}

// await waits until something holds of what the page's events say.
func (p *page) await(ctx context.Context, holds func(*loads) bool) error {
	for {
		p.mu.Lock()
		ok, changed, gone := holds(&p.loads), p.changed, p.loads.closed || p.loads.crashed
		p.mu.Unlock()
		if ok {
			return nil
		}
		if gone {
			return errors.New("the page went away")
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// consoleOf reads a console message or an uncaught exception.
func consoleOf(e cdp.Event) (consoleMessage, bool) {
	var v struct {
		Type             string                    `json:"type"`
		Timestamp        float64                   `json:"timestamp"`
		Args             []*runtime.RemoteObject   `json:"args"`
		StackTrace       *runtime.StackTrace       `json:"stackTrace"`
		ExceptionDetails *runtime.ExceptionDetails `json:"exceptionDetails"`
	}
	if cdp.Decode(e.Params, &v) != nil {
		return consoleMessage{}, false
	}
	m := consoleMessage{Time: v.Timestamp, Level: v.Type}
	if d := v.ExceptionDetails; d != nil {
		err := thrownThere(d)
		m.Level, m.Text, m.URL, m.Line = "error", "Uncaught "+errorName(err)+": "+err.Error(), d.URL, int(d.LineNumber)+1
		return m, true
	}
	var parts []string
	for _, a := range v.Args {
		parts = append(parts, remoteText(a))
	}
	m.Text = strings.Join(parts, " ")
	if s := v.StackTrace; s != nil && len(s.CallFrames) > 0 {
		m.URL, m.Line = s.CallFrames[0].URL, int(s.CallFrames[0].LineNumber)+1
	}
	return m, true
}

func remoteText(o *runtime.RemoteObject) string {
	var text string
	switch {
	case o == nil:
		return ""
	case o.Type == "string" && json.Unmarshal(o.Value, &text) == nil:
		return text
	case o.Description != "":
		return o.Description
	case o.UnserializableValue != "":
		return string(o.UnserializableValue)
	case len(o.Value) > 0:
		return string(o.Value)
	}
	return string(o.Type)
}
