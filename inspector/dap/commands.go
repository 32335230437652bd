package dap

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/debugger"
)

// The debug console takes commands that begin with a dot, for what editors have no
// button for. No expression of JavaScript begins so.
var commandForm = regexp.MustCompile(`^\s*\.[a-z]`)

func isCommand(text string) bool { return commandForm.MatchString(text) }

// consoleCommand is one of them.
type consoleCommand struct {
	usage string
	do    func(x *session, ctx context.Context, at *Debuggee, argument string) (string, error)
}

var consoleCommands map[string]consoleCommand

func init() { // a variable's initializer would be a cycle: help lists them
	consoleCommands = map[string]consoleCommand{
		"help":         {".help                 this list", commandHelp},
		"commands":     {".commands             the same, where the editor has a .help of its own", commandHelp},
		"break":        {".break KIND:…         set a breakpoint: event:fetch, lifecycle:waiting, cache:miss cache=pages-*", commandBreak},
		"breaks":       {".breaks               list all breakpoints", commandBreaks},
		"remove":       {".remove ID…           take breakpoints away", commandRemove},
		"drive":        {".drive                take over from who drives the debugger now", commandDrive},
		"keep":         {".keep                 do not let the paused worker go on by itself", commandKeep},
		"workers":      {".workers              list registrations and their versions", commandWorkers},
		"update":       {".update [SCOPE]       fetch the script again and install it when it changed", action(inspector.Update)},
		"skip-waiting": {".skip-waiting [SCOPE] activate the waiting version", action(inspector.SkipWaiting)},
		"unregister":   {".unregister [SCOPE]   delete the registration", action(inspector.Unregister)},
		"start":        {".start [SCOPE]        start the active worker", action(inspector.Start)},
		"stop":         {".stop [SCOPE]         stop the worker", action(inspector.Stop)},
		"push":         {".push [TEXT]          dispatch a push event", event1(inspector.Push)},
		"sync":         {".sync [TAG]           dispatch a sync event", event1(inspector.Sync)},
		"periodicsync": {".periodicsync [TAG]   dispatch a periodicsync event", event1(inspector.PeriodicSync)},
	}
}

func commandNames() []string {
	var names []string
	for name := range consoleCommands {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// command does what a line of the debug console says.
func (x *session) command(ctx context.Context, at *Debuggee, line string) (string, error) {
	name, argument, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "."), " ")
	c, ok := consoleCommands[name]
	if !ok {
		return "", fmt.Errorf(".%s is no command: .help lists them", name)
	}
	return c.do(x, ctx, at, strings.TrimSpace(argument))
}

func commandHelp(*session, context.Context, *Debuggee, string) (string, error) {
	var lines []string
	for _, name := range commandNames() {
		lines = append(lines, consoleCommands[name].usage)
	}
	return strings.Join(append(lines, "Everything else is JavaScript, evaluated in the selected frame."), "\n"), nil
}

func commandBreak(x *session, _ context.Context, at *Debuggee, argument string) (string, error) {
	b, err := breakpoints.Parse(argument)
	if err != nil {
		return "", err
	}
	p := x.scoped(b)
	x.set(at, p)
	if p.problem != "" {
		return "", errors.New(p.problem)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.points.last++
	p.id = x.points.last
	x.points.groups[consoleGroup] = append(x.points.groups[consoleGroup], p)
	x.points.know(p)
	return "breakpoint " + p.targets[0].want.ID + " is set", nil
}

func commandBreaks(_ *session, _ context.Context, at *Debuggee, _ string) (string, error) {
	var lines []string
	for _, b := range at.Debugger.State().Breakpoints {
		line := fmt.Sprintf("%s  %s  %d hits", b.ID, b.Breakpoint.String(), b.Hits)
		if b.Problem != "" {
			line += "  " + b.Problem
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return "there are no breakpoints", nil
	}
	return strings.Join(lines, "\n"), nil
}

func commandRemove(x *session, _ context.Context, at *Debuggee, argument string) (string, error) {
	ids := strings.Fields(argument)
	if len(ids) == 0 {
		return "", errors.New(".remove needs the numbers that .breaks lists")
	}
	if err := at.Breakpoints.Remove(ids...); err != nil {
		return "", err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, id := range ids {
		p := x.points.byID[id]
		delete(x.points.byID, id)
		for i := 0; p != nil && i < len(p.targets); i++ {
			if p.targets[i].want.ID == id {
				p.targets[i].want.ID = ""
			}
		}
	}
	return "removed", nil
}

func commandDrive(_ *session, _ context.Context, at *Debuggee, _ string) (string, error) {
	at.Debugger.Drive()
	return "this editor drives the debugger now", nil
}

func commandKeep(x *session, ctx context.Context, at *Debuggee, _ string) (string, error) {
	t := x.focusedThread(at)
	if t == nil || t.Pause == nil {
		return "", debugger.ErrNotPaused
	}
	return "the worker stays paused", at.Debugger.Keep(ctx, t.ID)
}

// focusedThread is the worker that stopped last, else the only one; nil: neither.
func (x *session) focusedThread(at *Debuggee) *debugger.Thread {
	id, _, err := x.evaluatesIn(at, 0)
	if err != nil {
		return nil
	}
	return at.Debugger.State().Thread(id)
}

func commandWorkers(_ *session, _ context.Context, at *Debuggee, _ string) (string, error) {
	var lines []string
	for _, r := range stateOf(at.Browser.State()).Registrations {
		lines = append(lines, r.Scope)
		for _, v := range r.Versions {
			lines = append(lines, fmt.Sprintf("  #%s %s, %s, %d clients, %s", v.ID, v.Status, v.Running, v.Clients, v.Script))
		}
	}
	if len(lines) == 0 {
		return "there are no registrations", nil
	}
	return strings.Join(lines, "\n"), nil
}

// registration finds the one that is meant: by the end of its scope, else that of the
// worker in focus, else the only one.
func (x *session) registration(at *Debuggee, scope string) (*inspector.Registration, error) {
	s := at.Browser.State()
	all := s.Live()
	if scope != "" {
		var fit []*inspector.Registration
		for _, r := range all {
			if r.Scope == scope || strings.HasSuffix(r.Scope, scope) {
				fit = append(fit, r)
			}
		}
		all = fit
	} else if t := x.focusedThread(at); t != nil {
		if r := s.Registration(t.Registration); r != nil {
			return r, nil
		}
	}
	switch {
	case len(all) == 1:
		return all[0], nil
	case len(all) == 0 && scope != "":
		return nil, fmt.Errorf("no registration has the scope %s", scope)
	case len(all) == 0:
		return nil, errors.New("there are no registrations")
	}
	return nil, fmt.Errorf("%d registrations fit: name the scope of one", len(all))
}

// action does something with a registration that the argument names.
func action(kind inspector.ActionKind) func(*session, context.Context, *Debuggee, string) (string, error) {
	return func(x *session, ctx context.Context, at *Debuggee, scope string) (string, error) {
		r, err := x.registration(at, scope)
		if err != nil {
			return "", err
		}
		return receipt(at.Browser.Do(ctx, inspector.Action{Kind: kind, Registration: r.Key}, 0))
	}
}

// event1 dispatches an event at the registration in focus; the argument is its text or
// tag.
func event1(kind inspector.ActionKind) func(*session, context.Context, *Debuggee, string) (string, error) {
	return func(x *session, ctx context.Context, at *Debuggee, argument string) (string, error) {
		r, err := x.registration(at, "")
		if err != nil {
			return "", err
		}
		a := inspector.Action{Kind: kind, Registration: r.Key, Tag: argument}
		if kind == inspector.Push {
			a.Data, a.Tag = argument, ""
		}
		return receipt(at.Browser.Do(ctx, a, 0))
	}
}

func receipt(r inspector.Receipt, err error) (string, error) {
	if err := done(r, err); err != nil {
		return "", err
	}
	return r.Detail, nil
}
