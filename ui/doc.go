// Package ui is the page at localhost:7777: it shows what [inspector] knows and
// posts what the user asks.
//
// # How a page comes about
//
// Every request passes the guard (guard.go: host, origin, token, headers) and
// reaches a handler through one mux (routes.go). A handler gets a
// [PageContext]: the browser, its State as of now, the registration, and the
// [components.Shell] of the frame around the page. It computes its view and
// renders a templ component of ui/pages inside [components.Layout].
//
// The live stream (stream.go) renders the same page with the same handler again
// when the state changes and sends the parts that differ; the page morphs them
// into place. So there is one template for the page and its patch, and a
// handler does nothing for it. A handler must be quick and must not write: it
// runs up to ten times a second while things change.
//
// # How to add a panel
//
//  1. ui/pages/NAME.templ: a component Name(sh *components.Shell, v NameView)
//     that starts with @components.Layout(sh) { … }.
//  2. ui/panel_NAME.go: a handler func(s *Server, w http.ResponseWriter,
//     r *http.Request, p *PageContext) that ends with
//     p.Render(w, r, pages.Name(p.Shell, view)).
//  3. One row in the table of panels.go: name (the last part of the URL), title,
//     key (after G), count for the tab, handler.
//
// Options of the frame, set on p.Shell before rendering: PageClass (classes of
// the page's element, its CSS goes to assets/css/6?-NAME.css), Panes (the page
// fills the window and its panes scroll, with PageClass "fill …"), Modules
// (script modules of this page only: "js/NAME.js"; it lives in
// assets/js), Split (the page wraps its own live parts in @components.Live(id),
// one root element with that id each; without it the whole page is one part).
// In morphed parts give rows an id, so that focus and scroll stay with them.
//
// js/panel.js is what most panels load: links and GET forms that change only the
// query of the page go through the stream instead of a new page. A filter is a
// [components.Filter] with [components.Canonical] at the top of the handler, a
// table's head a [components.TableHead], a long table a [components.Window].
// What takes its time to read from the browser goes through read
// (panel_reads.go), so that the page shows at once and fills by itself.
//
// More routes of a panel (a body, a download) are entries of its Routes. Posting
// goes through @components.DoButton for actions. Frames that show what a page
// cached are answered with [SandboxHeaders].
package ui
