package ui

import (
	"cmp"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

// treeOf is a browser in the tree: one first-level node per browser context, so
// that an incognito window stands apart.
func treeOf(item *components.BrowserItem, st *inspector.State, selected string) []components.TreeBrowser {
	var nodes []components.TreeBrowser
	shown := worthShowing(st)
	for _, c := range st.Contexts {
		regs := inContext(shown, c)
		if c.Gone && len(regs) == 0 {
			continue
		}
		id := "t" + item.ID + "-" + contextID(c)
		node := components.TreeBrowser{ID: id, Name: item.Name, URL: item.URL, Tape: item.Tape, Note: contextNote(c, len(regs))}
		if !c.Default {
			node.Name += ", " + c.Label
		}
		if item.State.Class != "ok" && !item.Tape {
			state := item.State
			state.Word = strings.ToLower(state.Word)
			node.State, node.Off = &state, true
		}
		node.Origins = origins(item, regs, id, selected)
		nodes = append(nodes, node)
	}
	if len(nodes) == 0 {
		state := item.State
		state.Word = strings.ToLower(state.Word)
		nodes = append(nodes, components.TreeBrowser{
			ID: "t" + item.ID, Name: item.Name, URL: item.URL, Tape: item.Tape, State: &state, Note: item.Connection.Reason,
		})
	}
	return nodes
}

func contextID(c *inspector.Context) string {
	return strings.ReplaceAll(strings.ToLower(c.Label), " ", "-") + "-" + c.Instance
}

func contextNote(c *inspector.Context, regs int) string {
	switch {
	case c.Problem != "":
		return c.Problem
	case regs == 0:
		return "No service worker registered."
	}
	return ""
}

// named is a registration with its slug.
type named struct {
	*inspector.Registration
	slug string
}

// worthShowing lists what has a row: of those that share a slug the live one,
// else the newest, as [inspector.State.BySlug] finds it.
func worthShowing(st *inspector.State) []named {
	best := map[string]named{}
	for _, r := range st.Registrations {
		n := named{r, r.Slug(st)}
		old, ok := best[n.slug]
		if !ok || !old.Alive() && (n.Alive() || !n.LastChanged.Before(old.LastChanged)) {
			best[n.slug] = n
		}
	}
	return slices.Collect(maps.Values(best))
}

func inContext(all []named, c *inspector.Context) []named {
	var in []named
	for _, r := range all {
		if r.Key.Instance == c.Instance && r.Key.Context == c.ID {
			in = append(in, r)
		}
	}
	return in
}

func origins(item *components.BrowserItem, regs []named, id, selected string) []components.TreeOrigin {
	byOrigin := map[string][]components.TreeRegistration{}
	for _, r := range regs {
		origin := components.Origin(r.Scope)
		byOrigin[origin] = append(byOrigin[origin], treeRegistration(item, r, id, selected))
	}
	var out []components.TreeOrigin
	for origin, rows := range byOrigin {
		slices.SortFunc(rows, func(a, b components.TreeRegistration) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Embedder, b.Embedder), cmp.Compare(a.URL, b.URL))
		})
		out = append(out, components.TreeOrigin{
			ID: id + "-" + origin, Name: originName(origin), Registrations: rows,
		})
	}
	slices.SortFunc(out, func(a, b components.TreeOrigin) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func treeRegistration(item *components.BrowserItem, r named, id, selected string) components.TreeRegistration {
	origin := components.Origin(r.Scope)
	word, class := r.Urgency()
	return components.TreeRegistration{
		ID: id + "-" + r.slug, Name: strings.TrimPrefix(r.Scope, origin), Scope: r.Scope,
		Embedder: originName(r.StorageKey.TopLevelSite), URL: item.URL + "/r/" + r.slug,
		State: components.State{Icon: components.UrgencyIcon(word), Word: word, Class: class}, Selected: r.slug == selected,
	}
}

// originName is an origin as the tree shows it: the scheme only where plain http
// leaves this machine, which is worth noticing.
func originName(origin string) string {
	scheme, host, ok := strings.Cut(origin, "://")
	if !ok {
		return origin
	}
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	if scheme == "http" && !loopback(strings.Trim(name, "[]")) && !strings.HasSuffix(name, ".localhost") {
		return origin
	}
	return host
}
