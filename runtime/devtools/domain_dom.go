package devtools

import (
	"context"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/window"
)

// domDomain is the little of DOM that clients need beside Runtime: nodes have ids, by
// which a handle gets from one world to another.
func domDomain(t *table) {
	accept(t, dom.Disable)
	handle(t, dom.Enable, func(_ context.Context, s *session, _ dom.EnableParams) (cdproto.Empty, error) {
		s.enable("DOM")
		return none, nil
	})
	handle(t, dom.GetDocument, func(_ context.Context, s *session, p dom.GetDocumentParams) (dom.GetDocumentResult, error) {
		n, err := withNode(s, "DOM.getDocument", depthOr(p.Depth, 2), func() (*world, goja.Value, error) {
			w, err := s.worldOf(nil, "")
			if err != nil {
				return nil, nil, err
			}
			return w, nil, nil
		})
		return later(s, func(ctx context.Context) (dom.GetDocumentResult, error) {
			if err != nil {
				return dom.GetDocumentResult{}, err
			}
			node, err := n(ctx)
			return dom.GetDocumentResult{Root: node}, err
		})
	})
	handle(t, dom.DescribeNode, func(_ context.Context, s *session, p dom.DescribeNodeParams) (dom.DescribeNodeResult, error) {
		n, err := withNode(s, "DOM.describeNode", depthOr(p.Depth, 1), func() (*world, goja.Value, error) { return s.nodeNamed(p.NodeID, p.BackendNodeID, p.ObjectID) })
		if err != nil {
			return dom.DescribeNodeResult{}, err
		}
		return later(s, func(ctx context.Context) (dom.DescribeNodeResult, error) {
			node, err := n(ctx)
			return dom.DescribeNodeResult{Node: node}, err
		})
	})
	handle(t, dom.RequestNode, func(_ context.Context, s *session, p dom.RequestNodeParams) (dom.RequestNodeResult, error) {
		n, err := withNode(s, "DOM.requestNode", 0, func() (*world, goja.Value, error) { return s.nodeNamed(0, 0, p.ObjectID) })
		if err != nil {
			return dom.RequestNodeResult{}, err
		}
		return later(s, func(ctx context.Context) (dom.RequestNodeResult, error) {
			node, err := n(ctx)
			if err != nil {
				return dom.RequestNodeResult{}, err
			}
			return dom.RequestNodeResult{NodeID: node.NodeID}, nil
		})
	})
	handle(t, dom.ResolveNode, resolveNode)
	handle(t, dom.GetFrameOwner, frameOwner)
	domQueries(t)
}

// nodeRef is a node that was told of: its object, in the realm it is of.
type nodeRef struct {
	realm *realmState
	value goja.Value
}

// nodeID is the number of a node, the same for all clients while its document is
// there. On the loop.
func (s *Server) nodeID(rs *realmState, n *window.Node) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id := rs.nodes[n]; id != 0 {
		return id
	}
	if rs.nodes == nil {
		rs.nodes = map[*window.Node]int64{}
	}
	s.nodeIDs++
	rs.nodes[n] = s.nodeIDs
	s.nodes[s.nodeIDs] = nodeRef{rs, n.Object()}
	return s.nodeIDs
}

// nodeNamed is the node that a command's parameters name.
func (s *session) nodeNamed(id cdproto.NodeID, backend cdproto.BackendNodeID, object runtime.RemoteObjectID) (*world, goja.Value, error) {
	if object != "" {
		h, err := s.objects.get(object)
		return h.world, h.value, err
	}
	if id == 0 {
		id = cdproto.NodeID(backend)
	}
	if id == 0 {
		return nil, nil, failed("Either nodeId, backendNodeId or objectId must be specified")
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	ref, ok := s.server.nodes[int64(id)]
	if !ok || ref.realm.target != s.target {
		return nil, nil, failed("No node with given id found")
	}
	return ref.realm.worlds[0], ref.value, nil
}

// withNode describes the node that which gives (nil: the document) on its loop, and
// returns what waits for that.
func withNode(s *session, name string, depth int64, which func() (*world, goja.Value, error)) (func(context.Context) (*cdproto.Node, error), error) {
	w, v, err := which()
	if err != nil {
		return nil, err
	}
	done := make(chan outcome, 1)
	node := &cdproto.Node{}
	rs := w.realm
	rs.realm.Agent().Queue(name, func() {
		if v == nil {
			v = rs.realm.Global().Get("document")
		}
		n, ok := idl.Unwrap[*window.Node](v)
		if !ok {
			done <- outcome{err: failed("Object id doesn't reference a Node")}
			return
		}
		s.describeNode(rs, n, node, depth)
		done <- outcome{}
	})
	return func(ctx context.Context) (*cdproto.Node, error) {
		if _, err := s.run(ctx, w, done); err != nil {
			return nil, err
		}
		return node, nil
	}, nil
}

func depthOr(given *int64, otherwise int64) int64 {
	if given == nil {
		return otherwise
	}
	return *given
}

// describeNode fills in what a node is, and its children down to a depth (-1: all);
// on the loop.
func (s *session) describeNode(rs *realmState, n *window.Node, out *cdproto.Node, depth int64) {
	id := s.server.nodeID(rs, n)
	d := n.Describe()
	out.NodeID, out.BackendNodeID = cdproto.NodeID(id), cdproto.BackendNodeID(id)
	out.NodeType, out.NodeName, out.LocalName, out.NodeValue = int64(d.Type), d.Name, d.LocalName, d.Value
	out.ChildNodeCount = int64(d.Children)
	for _, a := range d.Attributes {
		out.Attributes = append(out.Attributes, a[0], a[1])
	}
	if d.Type == 9 {
		out.DocumentURL, out.BaseURL = d.URL, d.URL
	}
	if d.Frame != nil {
		out.FrameID = cdproto.FrameID(d.Frame.ID())
	}
	if depth == 0 {
		return
	}
	s.server.mu.Lock()
	s.pushed[id] = true
	s.server.mu.Unlock()
	for _, c := range n.ChildNodes() {
		child := &cdproto.Node{ParentID: out.NodeID}
		s.describeNode(rs, c, child, depth-1)
		out.Children = append(out.Children, child)
	}
}

// resolveNode is DOM.resolveNode: the node as an object of an execution context.
func resolveNode(_ context.Context, s *session, p dom.ResolveNodeParams) (dom.ResolveNodeResult, error) {
	w, v, err := s.nodeNamed(p.NodeID, p.BackendNodeID, "")
	if err != nil {
		return dom.ResolveNodeResult{}, err
	}
	if p.ExecutionContextID != 0 {
		other, err := s.worldOf(contextID(p.ExecutionContextID), "")
		if err != nil || other.realm.realm.Agent() != w.realm.realm.Agent() {
			return dom.ResolveNodeResult{}, failed("Node with given id does not belong to the document")
		}
		w = other
	}
	done := make(chan outcome, 1)
	w.realm.realm.Agent().Queue("DOM.resolveNode", func() {
		r, err := s.wrap(w, v, wrapOptions{group: p.ObjectGroup})
		done <- outcome{result: r, err: err}
	})
	return later(s, func(ctx context.Context) (dom.ResolveNodeResult, error) {
		r, err := s.run(ctx, w, done)
		return dom.ResolveNodeResult{Object: r.result}, err
	})
}

// frameOwner is DOM.getFrameOwner: the element a frame is in.
func frameOwner(_ context.Context, s *session, p dom.GetFrameOwnerParams) (dom.GetFrameOwnerResult, error) {
	f := s.target.page.Frame(string(p.FrameID))
	if f == nil || f.Parent() == nil {
		return dom.GetFrameOwnerResult{}, failed("Frame with the given id was not found.")
	}
	s.server.mu.Lock()
	rs := s.server.realmOfFrame(s.target, f.Parent().ID())
	s.server.mu.Unlock()
	if rs == nil {
		return dom.GetFrameOwnerResult{}, failed("Frame with the given id does not belong to the target.")
	}
	done := make(chan outcome, 1)
	var id int64
	rs.realm.Agent().Queue("DOM.getFrameOwner", func() {
		n := f.Container()
		if n == nil {
			done <- outcome{err: failed("Frame with the given id was not found.")}
			return
		}
		id = s.server.nodeID(rs, n)
		done <- outcome{}
	})
	return later(s, func(ctx context.Context) (dom.GetFrameOwnerResult, error) {
		_, err := s.run(ctx, rs.worlds[0], done)
		return dom.GetFrameOwnerResult{BackendNodeID: cdproto.BackendNodeID(id), NodeID: cdproto.NodeID(id)}, err
	})
}
