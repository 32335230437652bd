package devtools

import (
	"context"
	"runtime"
	"strings"

	"github.com/chromedp/cdproto/browser"
	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/inspector"
	cdpio "github.com/chromedp/cdproto/io"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/performance"
)

// browserDomain is Browser.
func browserDomain(t *table) {
	handle(t, browser.GetVersion, func(_ context.Context, s *session, _ cdproto.Empty) (browser.GetVersionResult, error) {
		return browser.GetVersionResult{
			ProtocolVersion: "1.3", Product: s.server.product(), Revision: "@0", UserAgent: s.server.browser.UserAgent(), JsVersion: runtime.Version(),
		}, nil
	})
	handle(t, browser.Close, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		if s.server.options.OnClose != nil {
			s.server.options.OnClose()
		}
		return none, nil
	})
	handle(t, browser.GetWindowForTarget, func(_ context.Context, s *session, p browser.GetWindowForTargetParams) (browser.GetWindowForTargetResult, error) {
		return browser.GetWindowForTargetResult{}, failed("Browser window not found")
	})
	accept(t, browser.SetDownloadBehavior) // downloads are not stored
	permissionCommands(t)
}

// protocolVersion is the Chromium whose protocol this is. Clients (playwright) choose
// what to expect by the number before the first dot of the product's version.
const protocolVersion = "156.0.0.0"

// product is what Browser.getVersion and /json/version call the engine:
// "swinspect/156.0.0.0 (1.2.3)".
func (s *Server) product() string {
	name, version, _ := strings.Cut(s.options.Product, "/")
	return name + "/" + protocolVersion + " (" + strings.Trim(version, "()") + ")"
}

// enabledOnly are domains that clients enable on every target and whose events never
// come here: no audit, no stylesheet, no overlay, no certificate is ever looked at.
func enabledOnly(t *table) {
	for _, domain := range []string{"Audits", "CSS", "Overlay", "Security", "Console", "Profiler", "HeapProfiler", "Media"} {
		accept(t, named(domain+".enable"))
		accept(t, named(domain+".disable"))
	}
}

func inspectorDomain(t *table) {
	eventOf(t, inspector.Detached)
	eventOf(t, inspector.TargetCrashed)
	eventOf(t, inspector.TargetReloadedAfterCrash)
	eventOf(t, inspector.WorkerScriptLoaded)
	accept(t, inspector.Enable) // its events are sent to every session
	accept(t, inspector.Disable)
}

// logDomain is Log: the engine's only entries are those of restarts for a debugger.
func logDomain(t *table) {
	eventOf(t, log.EntryAdded)
	handle(t, log.Enable, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		s.enable("Log")
		return none, nil
	})
	handle(t, log.Disable, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		s.disable("Log")
		return none, nil
	})
	accept(t, log.Clear)
	accept(t, log.StartViolationsReport)
	accept(t, log.StopViolationsReport)
}

// performanceDomain is what clients enable without using it.
func performanceDomain(t *table) {
	accept(t, performance.Enable)
	accept(t, performance.Disable)
	handle(t, performance.GetMetrics, func(_ context.Context, s *session, _ cdproto.Empty) (performance.GetMetricsResult, error) {
		return performance.GetMetricsResult{Metrics: []*performance.Metric{{Name: "Timestamp", Value: seconds(s.server.clock.Now())}}}, nil
	})
}

// stream is a stream that a client reads with IO.read.
type stream struct{ data []byte }

func ioDomain(t *table) {
	handle(t, cdproto.Command[cdpio.ReadParams, readResult]{Method: cdpio.CommandRead}, func(_ context.Context, s *session, p cdpio.ReadParams) (readResult, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		x := s.streams[string(p.Handle)]
		if x == nil {
			return readResult{}, invalid("Invalid stream handle")
		}
		n := len(x.data)
		if p.Size > 0 {
			n = min(n, int(p.Size))
		}
		part := x.data[:n]
		x.data = x.data[n:]
		return readResult{Data: text(part), EOF: len(x.data) == 0}, nil
	})
	handle(t, cdpio.Close, func(_ context.Context, s *session, p cdpio.CloseParams) (cdproto.Empty, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		if s.streams[string(p.Handle)] == nil {
			return none, invalid("Invalid stream handle")
		}
		delete(s.streams, string(p.Handle))
		return none, nil
	})
}

type readResult struct {
	Data text `json:"data"`
	EOF  bool `json:"eof"`
}
