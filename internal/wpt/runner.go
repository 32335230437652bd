package wpt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/page"
	cdpruntime "github.com/chromedp/cdproto/runtime"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/internal/backend"
)

// Runner runs tests on one backend, each in a browser context of its own.
//
// Concurrency: Run may be called from several goroutines; each drives a page of
// its own.
type Runner struct {
	Backend *backend.Backend
	Server  string        // "https://web-platform.test:8443"
	Grace   time.Duration // how much longer than its limit a test may be silent; 0 for 5 s
}

// binding is the function through which a page tells its results.
const binding = "swinspectWPT"

// listener asks testharness.js for the results in the top document. The harness
// completes after the load event at the earliest, so DOMContentLoaded is early
// enough, and late enough for the page's own scripts to have loaded the harness.
const listener = `(() => {
  if (window.top !== window || window.opener) return;
  document.addEventListener('DOMContentLoaded', () => {
    if (typeof add_completion_callback !== 'function') return;
    const tell = v => window.` + binding + `(JSON.stringify(v));
    const brief = t => ({name: String(t.name), status: t.status, message: t.message == null ? '' : String(t.message)});
    add_result_callback(t => tell({result: brief(t)}));
    add_completion_callback((tests, status) => tell({
      status: status.status, message: status.message == null ? '' : String(status.message), tests: tests.map(brief),
    }));
  }, {capture: true, once: true});
})()`

// told is what the page says: one result, or the end.
type told struct {
	Result  *toldTest  `json:"result"`
	Status  *int       `json:"status"`
	Message string     `json:"message"`
	Tests   []toldTest `json:"tests"`
}

type toldTest struct {
	Name    string `json:"name"`
	Status  int    `json:"status"`
	Message string `json:"message"`
}

// What testharness.js numbers.
var (
	subtestStatus = []string{Pass, Fail, Timeout, NotRun, PreconditionFailed}
	harnessStatus = []string{HarnessOK, HarnessError, HarnessTimeout, PreconditionFailed}
)

func nameOf(names []string, status int) string {
	if status < 0 || status >= len(names) {
		return fmt.Sprintf("STATUS%d", status)
	}
	return names[status]
}

func (t toldTest) subtest() Subtest {
	return Subtest{Name: t.Name, Status: nameOf(subtestStatus, t.Status), Message: t.Message}
}

// Run runs one test. The error is the backend's; what is wrong with the test is
// in the result.
func (r *Runner) Run(ctx context.Context, t Test) (Result, error) {
	began := time.Now()
	grace := r.Grace
	if grace == 0 {
		grace = 5 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, t.Limit()+grace)
	defer cancel()
	result := Result{URL: t.URL, Harness: NoResult}
	err := r.run(ctx, t, &result)
	result.Duration = time.Since(began).Round(time.Millisecond)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, cdp.ErrSessionGone) {
		if result.Message == "" {
			result.Message = err.Error()
		}
		err = nil
	}
	return result, err
}

func (r *Runner) run(ctx context.Context, t Test, result *Result) (err error) {
	p, err := r.Backend.NewPage(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	events := p.Listen(4096, cdpruntime.BindingCalled.Method, page.JavascriptDialogOpening.Method, inspector.TargetCrashed.Method)
	defer events.Close()
	if err := p.Session.Go(cdpruntime.CommandAddBinding, cdpruntime.AddBindingParams{Name: binding}); err != nil {
		return err
	}
	if err := p.Session.Go(inspector.CommandEnable, nil); err != nil { // not every backend has it
		return err
	}
	if _, err := cdproto.Call(ctx, p, page.AddScriptToEvaluateOnNewDocument,
		page.AddScriptToEvaluateOnNewDocumentParams{Source: listener}); err != nil {
		return err
	}
	if err := p.Navigate(ctx, r.Server+t.URL); err != nil {
		result.Message = err.Error()
		return nil
	}
	return r.await(ctx, p, events, result)
}

// await collects what the page tells until it says that it is done.
func (r *Runner) await(ctx context.Context, p *backend.Page, events *cdp.Subscription, result *Result) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, ok := <-events.C():
			if !ok {
				return events.Err()
			}
			switch e.Method {
			case inspector.TargetCrashed.Method:
				result.Harness, result.Message = Crash, "the page crashed"
				return nil
			case page.JavascriptDialogOpening.Method:
				_ = p.Go(page.CommandHandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true}) // gone with its page
			case cdpruntime.BindingCalled.Method:
				if done, err := result.hear(e); done || err != nil {
					return err
				}
			}
		}
	}
}

// hear takes one message of the page.
func (r *Result) hear(e cdp.Event) (done bool, err error) {
	var called cdpruntime.EventBindingCalled
	if err := cdp.Decode(e.Params, &called); err != nil {
		return false, err
	}
	if called.Name != binding {
		return false, nil
	}
	var m told
	if err := json.Unmarshal([]byte(called.Payload), &m); err != nil {
		return false, fmt.Errorf("wpt: what the page told: %w", err)
	}
	if m.Result != nil {
		r.Tests = append(r.Tests, m.Result.subtest())
		return false, nil
	}
	if m.Status == nil {
		return false, nil
	}
	r.Harness, r.Message, r.Tests = nameOf(harnessStatus, *m.Status), m.Message, nil
	for _, t := range m.Tests {
		r.Tests = append(r.Tests, t.subtest())
	}
	return true, nil
}
