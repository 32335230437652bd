package devtools

import (
	"context"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/dom"
)

// domDomain is the little of DOM that clients need beside Runtime.
func domDomain(t *table) {
	accept(t, dom.Disable)
	handle(t, dom.Enable, func(_ context.Context, s *session, _ dom.EnableParams) (cdproto.Empty, error) {
		s.enable("DOM")
		return none, nil
	})
	handle(t, dom.GetDocument, func(_ context.Context, s *session, _ dom.GetDocumentParams) (dom.GetDocumentResult, error) {
		s.server.mu.Lock()
		at := s.target.url
		s.server.mu.Unlock()
		return dom.GetDocumentResult{Root: &cdproto.Node{
			NodeID: 1, BackendNodeID: 1, NodeType: 9, NodeName: "#document", DocumentURL: at, BaseURL: at,
		}}, nil
	})
	handle(t, dom.DescribeNode, describeNode)
}

func describeNode(_ context.Context, s *session, p dom.DescribeNodeParams) (dom.DescribeNodeResult, error) {
	if p.ObjectID == "" {
		return dom.DescribeNodeResult{}, failed("Either nodeId, backendNodeId or objectId must be specified")
	}
	h, err := s.objects.get(p.ObjectID)
	if err != nil {
		return dom.DescribeNodeResult{}, err
	}
	done := make(chan outcome, 1)
	n := &cdproto.Node{BackendNodeID: 1}
	h.world.realm.realm.Agent().Queue("DOM.describeNode", func() {
		o, ok := h.value.(interface{ ClassName() string })
		_ = o
		if !ok || !isNode(h.value) {
			done <- outcome{err: failed("Object id doesn't reference a Node")}
			return
		}
		v := h.value.ToObject(h.world.realm.realm.Runtime())
		n.NodeType = v.Get("nodeType").ToInteger()
		n.NodeName = v.Get("nodeName").String()
		n.LocalName = ""
		if local := v.Get("localName"); local != nil {
			n.LocalName = local.String()
		}
		done <- outcome{}
	})
	return later(s, func(ctx context.Context) (dom.DescribeNodeResult, error) {
		_, err := s.run(ctx, h.world, done)
		return dom.DescribeNodeResult{Node: n}, err
	})
}

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
