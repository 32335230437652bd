package ui

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/swinspect/swinspect/inspector/debugger"
	"github.com/swinspect/swinspect/ui/pages"
)

func safeURL(u string) templ.SafeURL { return templ.SafeURL(u) }

const (
	// maxProperties is how many variables or properties of one object are shown.
	maxProperties = 200
	// maxDepth bounds what the address can have opened.
	maxDepth = 12
	// maxOpened bounds how many objects the address can have opened.
	maxOpened = 64
)

// opened are the scopes and objects that the reader opened, or closed where they are
// open by themselves: paths of names, in the address as x=local/request,closure.
type opened []string

func openedIn(q url.Values) opened {
	var o opened
	for path := range strings.SplitSeq(q.Get("x"), ",") {
		if path != "" && len(o) < maxOpened {
			o = append(o, path)
		}
	}
	return o
}

func (o opened) has(path string) bool { return slices.Contains(o, path) }

// turned is the list with a path turned over.
func (o opened) turned(path string) string {
	if o.has(path) {
		return strings.Join(slices.DeleteFunc(slices.Clone(o), func(p string) bool { return p == path }), ",")
	}
	return strings.Join(append(slices.Clone(o), path), ",")
}

// step is the path of a member.
func step(path, name string) string { return path + "/" + url.QueryEscape(name) }

// values reads the values of one pause for one page.
type values struct {
	d    *debugPage
	open opened
	key  string // of the pause and what may have changed in it
	set  string // path of the variable that is being changed
}

func (d *debugPage) values() *values {
	return &values{
		d: d, open: openedIn(d.v.Address.Query), set: d.v.Address.Query.Get("set"),
		key: strings.Join([]string{d.p.Browser.ID(), "value", d.v.Thread.ID, d.v.PauseID(), strconv.FormatUint(d.seat.era(), 10)}, "\x00"),
	}
}

// properties are those of an object, read once per pause.
func (x *values) properties(object string) Reading[[]debugger.Property] {
	d, thread := x.d, x.d.v.Thread.ID
	return readInto(&d.s.values, d.s, d.r.Context(), x.key+"\x00p\x00"+object, d.patience(), once[[]debugger.Property], func(ctx context.Context) ([]debugger.Property, error) {
		return d.seat.debugger.Properties(ctx, thread, object)
	})
}

// scopes fills in the scopes of the chosen frame. It gives the variables of the function
// for the ends of the lines.
func (d *debugPage) scopes() []pages.DebugInline {
	if d.v.Thread == nil || d.v.Thread.Pause == nil || d.v.Frame < 0 {
		return nil
	}
	frame := &d.v.Thread.Pause.Frames[d.v.Frame]
	x := d.values()
	var inline []pages.DebugInline
	count := map[string]int{}
	inner := true // still in the function that is paused
	for i, s := range frame.Scopes {
		count[s.Type]++
		path := s.Type
		if n := count[s.Type]; n > 1 {
			path += strconv.Itoa(n)
		}
		byItself := inner && (s.Type == "local" || s.Type == "block" || s.Type == "catch")
		scope := pages.DebugScope{ID: "sc-" + path, Title: pages.ScopeTitle(s.Type), Note: s.Name, Open: byItself != x.open.has(path)}
		scope.Toggle = d.v.Address.With("x", x.open.turned(path), "set", "")
		if scope.Open || byItself {
			got := x.properties(s.Object)
			rows, more := x.rows(got.Value, path, i)
			if s.Type == "local" || i == 0 {
				rows = append(rows, x.beside(frame, path)...)
			}
			scope.Rows, scope.More, scope.Busy = rows, more, got.Running
			if got.Err != nil {
				scope.Problem = got.Err.Error()
			}
			if byItself {
				for _, p := range got.Value {
					inline = append(inline, pages.DebugInline{Name: p.Name, Text: p.Value.Text})
				}
			}
		}
		if !scope.Open {
			scope.Rows = nil
		}
		d.v.Scopes = append(d.v.Scopes, scope)
		if s.Type == "local" {
			inner = false
		}
	}
	return inline
}

// beside are this and the value that is being returned.
func (x *values) beside(f *debugger.Frame, path string) []pages.DebugRow {
	var rows []pages.DebugRow
	for _, b := range []struct {
		name  string
		value *debugger.Value
	}{{"this", f.This}, {"return value", f.Return}} {
		if b.value != nil {
			rows = append(rows, x.row(debugger.Property{Name: b.name, Value: *b.value, Own: true}, path, -1, 0))
		}
	}
	return rows
}

// rows are the properties of an object; scope is the index of the scope whose variables
// they are, -1 of others.
func (x *values) rows(all []debugger.Property, path string, scope int) ([]pages.DebugRow, int) {
	more := max(0, len(all)-maxProperties)
	rows := make([]pages.DebugRow, 0, len(all)-more)
	for _, p := range all[:len(all)-more] {
		rows = append(rows, x.row(p, path, scope, strings.Count(path, "/")))
	}
	return rows, more
}

func (x *values) row(p debugger.Property, path string, scope, depth int) pages.DebugRow {
	path = step(path, p.Name)
	row := pages.DebugRow{ID: "v-" + path, Name: p.Name, Value: p.Value, Internal: p.Internal, Getter: p.Getter}
	a := x.d.v.Address
	if scope >= 0 && p.Writable && !p.Internal {
		row.Edit = a.With("set", path)
		if x.set == path {
			row.Editing = &pages.DebugEdit{Scope: scope, Name: p.Name, Cancel: a.With("set", "")}
		}
	}
	if p.Value.Object == "" || depth >= maxDepth {
		return row
	}
	row.Toggle = a.With("x", x.open.turned(path), "set", "")
	if row.Open = x.open.has(path); row.Open {
		got := x.properties(p.Value.Object)
		row.Rows, row.More = x.rows(got.Value, path, -1)
		row.Busy = got.Running
		if got.Err != nil {
			row.Problem = got.Err.Error()
		}
	}
	return row
}

// watches evaluates what is watched in the chosen frame, without side effects.
func (d *debugPage) watches() {
	paused := d.v.Thread != nil && d.v.Thread.Pause != nil
	for i, expression := range d.seat.watched() {
		path := "watch" + strconv.Itoa(i)
		w := pages.DebugWatch{Expression: expression, Known: paused, Row: pages.DebugRow{ID: "v-" + path, Name: expression}}
		if paused {
			w.Row = d.watched(expression, path)
		}
		d.v.Watches = append(d.v.Watches, w)
	}
}

func (d *debugPage) watched(expression, path string) pages.DebugRow {
	x, thread, frame := d.values(), d.v.Thread.ID, d.v.Frame
	key := x.key + "\x00w\x00" + strconv.Itoa(frame) + "\x00" + expression
	got := readInto(&d.s.values, d.s, d.r.Context(), key, d.patience(), once[debugger.Value], func(ctx context.Context) (debugger.Value, error) {
		return d.seat.debugger.Evaluate(ctx, thread, frame, expression, debugger.EvaluateOptions{Silent: true})
	})
	if got.Err != nil {
		return pages.DebugRow{ID: "v-" + path, Name: expression, Value: debugger.Value{Type: "error", Text: firstLine(got.Err.Error())}}
	}
	row := x.row(debugger.Property{Name: expression, Value: got.Value}, path, -1, 0)
	row.ID = "v-" + path
	return row
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
