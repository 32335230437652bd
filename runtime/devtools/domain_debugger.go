package devtools

import (
	"context"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/debugger"
)

// debuggerDomain: scripts cannot be paused yet; what clients enable on every target
// is answered so that they go on.
func debuggerDomain(t *table) {
	handle(t, debugger.Enable, func(_ context.Context, s *session, _ debugger.EnableParams) (debugger.EnableResult, error) {
		return debugger.EnableResult{DebuggerID: cdproto.UniqueDebuggerID(s.target.id)}, nil
	})
	accept(t, debugger.Disable)
	accept(t, debugger.SetSkipAllPauses)
	accept(t, debugger.SetAsyncCallStackDepth)
}

// schemaDomain is Schema, which cdproto no longer has.
func schemaDomain(t *table) {
	handle(t, cdproto.Command[cdproto.Empty, domainsResult]{Method: "Schema.getDomains"}, func(context.Context, *session, cdproto.Empty) (domainsResult, error) {
		r := domainsResult{Domains: []domainName{}}
		for _, name := range sortedKeys(t.domains) {
			r.Domains = append(r.Domains, domainName{name, "1.3"})
		}
		return r, nil
	})
}

type domainsResult struct {
	Domains []domainName `json:"domains"`
}

type domainName struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}
