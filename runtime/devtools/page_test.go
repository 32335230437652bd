package devtools

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/swinspect/swinspect/cdp"
)

// The events of a navigation, in Chromium's order.
func TestNavigationOrder(t *testing.T) {
	c := connect(t)
	p := c.page("")
	c.call(p, "Page.setLifecycleEventsEnabled", object{"enabled": true})
	all := p.Listen(0)
	loader := c.call(p, "Page.navigate", object{"url": origin + "/index.html"})["loaderId"]
	var order []string
	for _, e := range until(t, all, func(e event) bool { return e.Params["name"] == "networkIdle" }) {
		name := strings.TrimPrefix(e.Method, "Page.")
		if name == "lifecycleEvent" {
			name = e.Params["name"].(string)
			is(t, "loader of "+name, e.Params["loaderId"], loader)
		}
		order = append(order, name)
	}
	want := []string{"frameStartedLoading", "init", "frameNavigated", "commit", "domContentEventFired", "DOMContentLoaded", "loadEventFired", "load", "frameStoppedLoading", "networkAlmostIdle", "networkIdle"}
	order = slices.DeleteFunc(order, func(s string) bool { return strings.HasPrefix(s, "Runtime.") })
	is(t, "order", order, want)
}

// Who waits for the load event after the reply has not missed it.
func TestTheReplyComesFirst(t *testing.T) {
	s := serve(t)
	c := dial(t, s)
	p := c.page("")
	ours, theirs := cdp.Pipe()
	served := make(chan error, 1)
	go func() { served <- s.ServeBrowser(t.Context(), theirs) }()
	defer func() {
		_ = ours.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	attach := object{"id": 1, "method": "Target.attachToTarget", "params": object{"targetId": targetOf(c, p), "flatten": true}}
	reply := exchange(t, ours, attach, 1)
	session := at(reply[len(reply)-1], "result", "sessionId")
	exchange(t, ours, object{"id": 2, "method": "Page.enable", "sessionId": session}, 2)
	for id := 3; id < 23; id++ {
		before := exchange(t, ours, object{"id": id, "method": "Page.navigate", "params": object{"url": origin + "/other.html"}, "sessionId": session}, id)
		for _, m := range before {
			if m["method"] == "Page.loadEventFired" || m["method"] == "Page.frameNavigated" {
				t.Fatalf("%v came before the reply", m["method"])
			}
		}
		for message(t, ours)["method"] != "Page.frameStoppedLoading" {
		}
	}
}

func message(t *testing.T, from cdp.Transport) object {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	b, err := from.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var m object
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// exchange sends a command and returns what came up to its reply, which is the last.
func exchange(t *testing.T, with cdp.Transport, command object, id int) []object {
	t.Helper()
	if err := with.Write(t.Context(), []byte(asJSON(command))); err != nil {
		t.Fatal(err)
	}
	var all []object
	for {
		all = append(all, message(t, with))
		if all[len(all)-1]["id"] == float64(id) {
			return all
		}
	}
}

func TestFrames(t *testing.T) {
	c := connect(t)
	p := c.page("")
	frames := p.Listen(0, "Page.frameAttached", "Page.frameDetached")
	c.navigate(p, "/frame.html")
	attached := next(t, frames)
	tree := c.call(p, "Page.getFrameTree", nil)["frameTree"]
	is(t, "child", at(tree, "childFrames", 0, "frame", "id"), attached.Params["frameId"])
	is(t, "url", at(tree, "childFrames", 0, "frame", "url"), origin+"/other.html")
	world := c.call(p, "Page.createIsolatedWorld", object{"frameId": attached.Params["frameId"], "worldName": "mine"})["executionContextId"]
	is(t, "in the frame", at(c.call(p, "Runtime.evaluate", object{"expression": "document.title", "contextId": world}), "result", "value"), "other")
	owner := c.call(p, "DOM.getFrameOwner", object{"frameId": attached.Params["frameId"]})["backendNodeId"]
	resolved := c.call(p, "DOM.resolveNode", object{"backendNodeId": owner})
	is(t, "owner", at(resolved, "object", "description"), "iframe")
	is(t, "its frame", at(c.call(p, "DOM.describeNode", object{"objectId": at(resolved, "object", "objectId")}), "node", "frameId"), attached.Params["frameId"])
	c.evaluate(p, `document.querySelector('iframe').remove()`)
	is(t, "detached", next(t, frames).Params["frameId"], attached.Params["frameId"])
}

func TestFailedNavigations(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	c.refused(p, "Page.navigate", object{"url": "nonsense"}, -32000, "Cannot navigate to invalid URL")
	c.refused(p, "Page.navigate", object{"url": origin + "/", "frameId": "nobody"}, -32000, "no frame")
	for url, want := range map[string]string{"https://elsewhere.example/": "net::ERR_NAME_NOT_RESOLVED", "http://localhost:1/": "net::ERR_UNSAFE_PORT"} {
		is(t, url, c.call(p, "Page.navigate", object{"url": url})["errorText"], want)
	}
	c.navigate(p, "/index.html")
	is(t, "and goes on", c.evaluate(p, "document.title"), "tests")
}

func TestHistoryAndFragments(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	c.navigate(p, "/other.html")
	within := p.Listen(0, "Page.navigatedWithinDocument")
	is(t, "no loader", c.call(p, "Page.navigate", object{"url": origin + "/other.html#part"})["loaderId"], nil)
	is(t, "within", next(t, within).Params["url"], origin+"/other.html#part")
	history := c.call(p, "Page.getNavigationHistory", nil)
	entries := history["entries"].([]any)
	current := int(history["currentIndex"].(float64))
	is(t, "current", at(entries, current, "url"), origin+"/other.html#part")
	is(t, "before", at(entries, current-2, "url"), origin+"/index.html")
	loaded := p.Listen(0, "Page.loadEventFired")
	c.call(p, "Page.navigateToHistoryEntry", object{"entryId": at(entries, current-2, "id")})
	next(t, loaded)
	is(t, "back", c.evaluate(p, "location.pathname"), "/index.html")
	c.refused(p, "Page.navigateToHistoryEntry", object{"entryId": 99}, -32602, "No entry with passed id")
}

func TestDialogs(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	c.refused(p, "Page.handleJavaScriptDialog", object{"accept": true}, -32602, "No dialog is showing")
	opening := p.Listen(0, "Page.javascriptDialogOpening")
	if err := p.Go("Runtime.evaluate", object{"expression": `window.answer = prompt('what?', 'this')`}); err != nil {
		t.Fatal(err)
	}
	e := next(t, opening)
	is(t, "dialog", []any{e.Params["type"], e.Params["message"], e.Params["defaultPrompt"]}, []any{"prompt", "what?", "this"})
	c.call(p, "Page.handleJavaScriptDialog", object{"accept": true, "promptText": "that"})
	is(t, "answer", c.evaluate(p, "answer"), "that")
}

func TestNodes(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	c.call(p, "DOM.enable", nil)
	root := c.call(p, "DOM.getDocument", nil)["root"].(object)
	is(t, "document", []any{root["nodeName"], at(root, "children", 1, "nodeName")}, []any{"#document", "HTML"})
	found := c.call(p, "DOM.querySelectorAll", object{"nodeId": root["nodeId"], "selector": "li"})["nodeIds"].([]any)
	is(t, "found", len(found), 2)
	is(t, "described", at(c.call(p, "DOM.describeNode", object{"nodeId": found[0]}), "node", "localName"), "li")
	is(t, "none", c.call(p, "DOM.querySelector", object{"nodeId": root["nodeId"], "selector": ".none"})["nodeId"], 0)
	c.refused(p, "DOM.querySelector", object{"nodeId": root["nodeId"], "selector": ":::"}, -32000, "DOM Error")
	c.refused(p, "DOM.resolveNode", object{"backendNodeId": 9999}, -32000, "No node with given id found")
	for _, query := range []string{"#p", "//p[@id='p']", "text"} {
		r := c.call(p, "DOM.performSearch", object{"query": query})
		is(t, query, r["resultCount"], 1)
		ids := c.call(p, "DOM.getSearchResults", object{"searchId": r["searchId"], "fromIndex": 0, "toIndex": 1})["nodeIds"].([]any)
		is(t, query, at(c.call(p, "DOM.describeNode", object{"nodeId": ids[0]}), "node", "localName"), "p")
	}
	updated := p.Listen(0, "DOM.documentUpdated")
	c.navigate(p, "/other.html")
	next(t, updated)
	c.refused(p, "DOM.describeNode", object{"nodeId": found[0]}, -32000, "No node")
}

// A debugger asks a page for its frames.
func TestResourceTree(t *testing.T) {
	c := connect(t)
	p := c.page("/frame.html")
	tree := c.call(p, "Page.getResourceTree", nil)["frameTree"]
	is(t, "tree", []any{at(tree, "frame", "url"), at(tree, "resources"), at(tree, "childFrames", 0, "frame", "url")},
		[]any{origin + "/frame.html", []any{}, origin + "/other.html"})
	c.call(p, "Page.waitForDebugger", nil)
	is(t, "it goes on", c.evaluate(p, `document.title`), "framed")
}
