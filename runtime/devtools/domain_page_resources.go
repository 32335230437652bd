package devtools

import (
	"context"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

	"github.com/swinspect/swinspect/runtime/window"
)

// pageDebuggerDomain is what debuggers ask of Page before they look at its scripts.
func pageDebuggerDomain(t *table) {
	handle(t, page.GetResourceTree, func(_ context.Context, s *session, _ cdproto.Empty) (page.GetResourceTreeResult, error) {
		return page.GetResourceTreeResult{FrameTree: s.server.resourceTree(s.target, s.target.page.MainFrame())}, nil
	})
	accept(t, page.WaitForDebugger) // a page is not held: its scripts go on
}

// resourceTree is a frame and those in it. Its resources are not listed: the engine
// keeps the texts of scripts alone, and Debugger.scriptParsed tells of them.
func (s *Server) resourceTree(t *subject, f *window.Frame) *page.FrameResourceTree {
	tree := &page.FrameResourceTree{Frame: s.frame(t, f), Resources: []*page.FrameResource{}}
	for _, c := range f.Children() {
		tree.ChildFrames = append(tree.ChildFrames, s.resourceTree(t, c))
	}
	return tree
}
