package devtools

import (
	"context"
	"strconv"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/window"
)

// domQueries are the commands that find nodes, and tell a client their children.
func domQueries(t *table) {
	eventOf(t, dom.DocumentUpdated)
	eventOf(t, dom.SetChildNodes)
	handle(t, dom.QuerySelector, func(_ context.Context, s *session, p dom.QuerySelectorParams) (dom.QuerySelectorResult, error) {
		find, err := s.onNode("DOM.querySelector", p.NodeID, func(rs *realmState, n *window.Node) ([]int64, error) {
			return s.found(rs, n, p.Selector, true)
		})
		return later(s, func(ctx context.Context) (dom.QuerySelectorResult, error) {
			ids, err := find(ctx, err)
			if err != nil || len(ids) == 0 {
				return dom.QuerySelectorResult{}, err
			}
			return dom.QuerySelectorResult{NodeID: cdproto.NodeID(ids[0])}, nil
		})
	})
	handle(t, dom.QuerySelectorAll, func(_ context.Context, s *session, p dom.QuerySelectorAllParams) (dom.QuerySelectorAllResult, error) {
		find, err := s.onNode("DOM.querySelectorAll", p.NodeID, func(rs *realmState, n *window.Node) ([]int64, error) {
			return s.found(rs, n, p.Selector, false)
		})
		return later(s, func(ctx context.Context) (dom.QuerySelectorAllResult, error) {
			ids, err := find(ctx, err)
			return dom.QuerySelectorAllResult{NodeIDs: nodeIDs(ids)}, err
		})
	})
	handle(t, dom.RequestChildNodes, func(_ context.Context, s *session, p dom.RequestChildNodesParams) (cdproto.Empty, error) {
		tell, err := s.onNode("DOM.requestChildNodes", p.NodeID, func(rs *realmState, n *window.Node) ([]int64, error) {
			out := &cdproto.Node{}
			s.describeNode(rs, n, out, depthOr(p.Depth, 1))
			emit(s, dom.SetChildNodes, dom.EventSetChildNodes{ParentID: p.NodeID, Nodes: append([]*cdproto.Node{}, out.Children...)})
			return nil, nil
		})
		return later(s, func(ctx context.Context) (cdproto.Empty, error) {
			_, err := tell(ctx, err)
			return none, err
		})
	})
	searches(t)
}

// searches are DOM.performSearch and what belongs to it: a selector, an XPath
// expression or a text that a node contains.
func searches(t *table) {
	handle(t, dom.PerformSearch, func(_ context.Context, s *session, p dom.PerformSearchParams) (dom.PerformSearchResult, error) {
		find, err := s.onNode("DOM.performSearch", 0, func(rs *realmState, n *window.Node) ([]int64, error) {
			var ids []int64
			for _, found := range n.Search(p.Query) {
				s.pushPath(rs, found)
				ids = append(ids, s.server.nodeID(rs, found))
			}
			return ids, nil
		})
		id := strconv.FormatInt(s.server.nextID(), 10)
		return later(s, func(ctx context.Context) (dom.PerformSearchResult, error) {
			ids, err := find(ctx, err)
			if err != nil {
				return dom.PerformSearchResult{}, err
			}
			s.server.mu.Lock()
			defer s.server.mu.Unlock()
			s.searches[id] = ids
			return dom.PerformSearchResult{SearchID: id, ResultCount: int64(len(ids))}, nil
		})
	})
	handle(t, dom.GetSearchResults, func(_ context.Context, s *session, p dom.GetSearchResultsParams) (dom.GetSearchResultsResult, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		ids, ok := s.searches[p.SearchID]
		switch {
		case !ok:
			return dom.GetSearchResultsResult{}, failed("No search session with given id found")
		case p.FromIndex < 0 || p.ToIndex > int64(len(ids)) || p.FromIndex >= p.ToIndex:
			return dom.GetSearchResultsResult{}, failed("Invalid search result range")
		}
		return dom.GetSearchResultsResult{NodeIDs: nodeIDs(ids[p.FromIndex:p.ToIndex])}, nil
	})
	handle(t, dom.DiscardSearchResults, func(_ context.Context, s *session, p dom.DiscardSearchResultsParams) (cdproto.Empty, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		delete(s.searches, p.SearchID)
		return none, nil
	})
}

func nodeIDs(ids []int64) []cdproto.NodeID {
	out := make([]cdproto.NodeID, len(ids))
	for i, id := range ids {
		out[i] = cdproto.NodeID(id)
	}
	return out
}

// pushPath tells the client the children of the nodes above n that it does not know of
// yet, for it finds a node by its id in what it was told; on the loop.
func (s *session) pushPath(rs *realmState, n *window.Node) {
	parent := n.ParentNode()
	if parent == nil {
		return
	}
	s.pushPath(rs, parent)
	id := s.server.nodeID(rs, parent)
	s.server.mu.Lock()
	known := s.pushed[id]
	s.server.mu.Unlock()
	if known {
		return
	}
	out := &cdproto.Node{}
	s.describeNode(rs, parent, out, 1)
	emit(s, dom.SetChildNodes, dom.EventSetChildNodes{ParentID: cdproto.NodeID(id), Nodes: append([]*cdproto.Node{}, out.Children...)})
}

// found are the nodes below n that a selector matches; on the loop.
func (s *session) found(rs *realmState, n *window.Node, selector string, one bool) ([]int64, error) {
	nodes, err := n.QueryAll(selector)
	if err != nil {
		return nil, failed("DOM Error while querying")
	}
	var ids []int64
	for _, x := range nodes {
		s.pushPath(rs, x)
		ids = append(ids, s.server.nodeID(rs, x))
		if one {
			break
		}
	}
	return ids, nil
}

// onNode runs f about a node (0: the document) on its loop. What it returns waits for
// f, unless it is given an error.
func (s *session) onNode(name string, id cdproto.NodeID, f func(*realmState, *window.Node) ([]int64, error)) (func(context.Context, error) ([]int64, error), error) {
	w, v, err := s.worldOrNode(id)
	failing := func(_ context.Context, err error) ([]int64, error) { return nil, err }
	if err != nil {
		return failing, err
	}
	done := make(chan outcome, 1)
	var ids []int64
	rs := w.realm
	rs.realm.Agent().Queue(name, func() {
		if v == nil {
			v = rs.realm.Global().Get("document")
		}
		n, ok := idl.Unwrap[*window.Node](v)
		if !ok {
			done <- outcome{err: failed("Document is not enabled")}
			return
		}
		var err error
		ids, err = f(rs, n)
		done <- outcome{err: err}
	})
	return func(ctx context.Context, err error) ([]int64, error) {
		if err != nil {
			return nil, err
		}
		_, err = s.run(ctx, w, done)
		return ids, err
	}, nil
}

func (s *session) worldOrNode(id cdproto.NodeID) (*world, goja.Value, error) {
	if id == 0 {
		w, err := s.worldOf(nil, "")
		return w, nil, err
	}
	return s.nodeNamed(id, 0, "")
}
