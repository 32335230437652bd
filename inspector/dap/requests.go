package dap

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	godap "github.com/google/go-dap"
)

// handler does one kind of request.
type handler struct {
	do    func(x *session, ctx context.Context, arguments json.RawMessage) (any, error)
	from  phase            // the earliest phase
	until phase            // too late from this phase on; 0: never
	asks  bool             // only asks: done beside others
	moves bool             // moves a worker: answered before what follows is told
	then  func(x *session) // after a successful response
}

// on decodes the arguments. Missing ones are the zero value.
func on[A any](f func(x *session, ctx context.Context, a *A) (any, error)) func(*session, context.Context, json.RawMessage) (any, error) {
	return func(x *session, ctx context.Context, raw json.RawMessage) (any, error) {
		a := new(A)
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, a); err != nil {
				return nil, argumentsError(err, a)
			}
		}
		return f(x, ctx, a)
	}
}

// requests is what swinspect knows; cancel is done where requests are read.
var requests map[string]handler

func init() { // a variable's initializer would be a cycle: the capabilities are made of it
	requests = map[string]handler{
		"initialize":        {do: (*session).initialize, until: initialized},
		"launch":            {do: (*session).launchRequest, from: initialized, until: debugging, then: (*session).ready},
		"attach":            {do: (*session).attachRequest, from: initialized, until: debugging, then: (*session).ready},
		"configurationDone": {do: on((*session).configurationDone), from: debugging, until: configured},
		"restart":           {do: (*session).restart, from: debugging},
		"disconnect":        {do: on((*session).disconnect), then: (*session).left},
		"terminate":         {do: on((*session).terminate), from: debugging, then: (*session).terminated},

		"setBreakpoints":          {do: on((*session).setBreakpoints), from: debugging},
		"setFunctionBreakpoints":  {do: on((*session).setFunctionBreakpoints), from: debugging},
		"setExceptionBreakpoints": {do: on((*session).setExceptionBreakpoints), from: debugging},
		"breakpointLocations":     {do: on((*session).breakpointLocations), from: debugging, asks: true},

		"continue":         {do: on((*session).continueRequest), from: debugging, moves: true},
		"next":             {do: on((*session).next), from: debugging, moves: true},
		"stepIn":           {do: on((*session).stepIn), from: debugging, moves: true},
		"stepOut":          {do: on((*session).stepOut), from: debugging, moves: true},
		"stepBack":         {do: on((*session).stepBack), from: debugging, moves: true},
		"reverseContinue":  {do: on((*session).reverseContinue), from: debugging, moves: true},
		"pause":            {do: on((*session).pause), from: debugging, moves: true},
		"terminateThreads": {do: on((*session).terminateThreads), from: debugging, asks: true},

		"threads":       {do: on((*session).threadsRequest), from: debugging, asks: true},
		"stackTrace":    {do: on((*session).stackTrace), from: debugging, asks: true},
		"scopes":        {do: on((*session).scopes), from: debugging, asks: true},
		"variables":     {do: on((*session).variables), from: debugging, asks: true},
		"setVariable":   {do: on((*session).setVariable), from: debugging, asks: true},
		"evaluate":      {do: on((*session).evaluate), from: debugging, asks: true},
		"setExpression": {do: on((*session).setExpression), from: debugging, asks: true},
		"completions":   {do: on((*session).completions), from: debugging, asks: true},
		"exceptionInfo": {do: on((*session).exceptionInfo), from: debugging, asks: true},
		"source":        {do: on((*session).source), from: debugging, asks: true},
		"loadedSources": {do: on((*session).loadedSources), from: debugging, asks: true},
	}
}

// initialize answers with what this server can do. Stepping back is not among it: it is
// offered by a capabilities event once a worker stands where it works.
func (x *session) initialize(_ context.Context, raw json.RawMessage) (any, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	client := x.client
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &client); err != nil {
			return nil, fmt.Errorf("the arguments: %w", err)
		}
	}
	if client.PathFormat != "" && client.PathFormat != "path" && client.PathFormat != "uri" {
		return nil, fmt.Errorf("pathFormat %q is neither path nor uri", client.PathFormat)
	}
	x.client, x.phase = client, initialized
	return godap.Capabilities{
		SupportsConfigurationDoneRequest: true, SupportsFunctionBreakpoints: true, SupportsConditionalBreakpoints: true,
		SupportsHitConditionalBreakpoints: true, SupportsLogPoints: true, SupportsBreakpointLocationsRequest: true,
		ExceptionBreakpointFilters: exceptionFilters, SupportsExceptionFilterOptions: true, SupportsExceptionInfoRequest: true,
		SupportsEvaluateForHovers: true, SupportsClipboardContext: true, SupportsSetVariable: true, SupportsSetExpression: true,
		SupportsCompletionsRequest: true, CompletionTriggerCharacters: []string{"."},
		SupportsLoadedSourcesRequest: true, SupportsDelayedStackTraceLoading: true, SupportsCancelRequest: true,
		SupportsRestartRequest: true, SupportsTerminateRequest: true, SupportTerminateDebuggee: true,
		SupportsTerminateThreadsRequest: true, SupportsSingleThreadExecutionRequests: true,
	}, nil
}

func (x *session) allowed(token string) error {
	if x.o.Token != "" && token != x.o.Token {
		return shown(`this server wants its token: "token" in the configuration`)
	}
	return nil
}

func (x *session) launchRequest(ctx context.Context, raw json.RawMessage) (any, error) {
	l := &Launch{}
	unknown, err := decode(raw, l)
	if err == nil {
		err = l.check()
	}
	if err != nil {
		return nil, shown("launch: %w", err)
	}
	if err := x.allowed(l.Token); err != nil {
		return nil, err
	}
	x.warn(unknown)
	l.Client = x.clientName()
	at, err := x.o.Backend.Launch(ctx, l, x.progress)
	if err != nil {
		return nil, &shownError{err}
	}
	return nil, x.debug(ctx, at, &l.Common, l)
}

func (x *session) attachRequest(ctx context.Context, raw json.RawMessage) (any, error) {
	a := &Attach{}
	unknown, err := decode(raw, a)
	if err == nil {
		err = a.check()
	}
	if err != nil {
		return nil, shown("attach: %w", err)
	}
	if err := x.allowed(a.Token); err != nil {
		return nil, err
	}
	if a.Endpoint == "" && a.Port != 0 {
		a.Endpoint = fmt.Sprint(a.Port)
	}
	x.warn(unknown)
	a.Client = x.clientName()
	at, err := x.o.Backend.Attach(ctx, a, x.progress)
	if err != nil {
		return nil, &shownError{err}
	}
	return nil, x.debug(ctx, at, &a.Common, nil)
}

// clientName is what others are told of who drives.
func (x *session) clientName() string {
	c := x.counts()
	return cmp.Or(c.ClientName, c.ClientID, "an editor")
}

func (x *session) warn(unknown []string) {
	for _, name := range unknown {
		x.say("important", fmt.Sprintf("swinspect: the configuration has %q, which nobody reads\n", name))
	}
}

func (x *session) progress(text string) { x.say("console", "swinspect: "+text+"\n") }

// debug takes a browser over.
func (x *session) debug(ctx context.Context, at *Debuggee, c *Common, l *Launch) error {
	x.mu.Lock()
	x.at, x.common, x.launch, x.phase = at, c, l, debugging
	x.paths = newPaths(c, at.Roots)
	x.mu.Unlock()
	if len(c.SkipFiles) > 0 {
		if err := at.Debugger.SetLibraries(ctx, c.SkipFiles); err != nil {
			x.say("important", "swinspect: skipFiles: "+err.Error()+"\n")
		}
	}
	if c.NoDebug {
		if err := at.Debugger.SetActive(ctx, false); err != nil {
			return err
		}
	}
	x.configuredPoints(at)
	x.progress("debugging the service workers of " + at.Name)
	return nil
}

// ready asks the client for its breakpoints.
func (x *session) ready() { x.out.event("initialized", nil) }

func (x *session) configurationDone(ctx context.Context, _ *godap.ConfigurationDoneArguments) (any, error) {
	at, err := x.debuggee()
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	x.phase = configured
	x.mu.Unlock()
	x.startPump(at)
	return nil, nil
}

// restart launches anew and sets all breakpoints again.
func (x *session) restart(ctx context.Context, raw json.RawMessage) (any, error) {
	x.mu.Lock()
	l, c := x.launch, x.common
	x.mu.Unlock()
	if l == nil {
		return nil, shown("restart is for what was launched: what was attached to is the user's own")
	}
	var given struct {
		Arguments json.RawMessage `json:"arguments"`
	}
	if json.Unmarshal(raw, &given) == nil && len(given.Arguments) > 0 {
		newer := &Launch{}
		if _, err := decode(given.Arguments, newer); err == nil && newer.check() == nil {
			newer.Client = l.Client
			l, c = newer, &newer.Common
		}
	}
	if err := x.release(true); err != nil {
		x.log.Error("letting go", "err", err)
	}
	at, err := x.o.Backend.Launch(ctx, l, x.progress)
	if err != nil {
		x.out.event("terminated", nil)
		return nil, &shownError{err}
	}
	if err := x.debug(ctx, at, c, l); err != nil {
		return nil, err
	}
	x.setAgain(at)
	return x.configurationDone(ctx, nil)
}

// leaving are the arguments of disconnect: godap's cannot tell false from not given.
type leaving struct {
	TerminateDebuggee *bool `json:"terminateDebuggee"`
}

// disconnect lets go: what was launched is ended unless the client wants to keep it.
func (x *session) disconnect(_ context.Context, a *leaving) (any, error) {
	x.mu.Lock()
	end := x.launch != nil
	x.mu.Unlock()
	if a.TerminateDebuggee != nil {
		end = *a.TerminateDebuggee
	}
	return nil, x.release(end)
}

// left ends the session.
func (x *session) left() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.phase = over
}

// terminate ends what was launched and lets go of what was attached to; the client
// disconnects next.
func (x *session) terminate(_ context.Context, _ *godap.TerminateArguments) (any, error) {
	x.mu.Lock()
	end := x.launch != nil
	x.mu.Unlock()
	return nil, x.release(end)
}

func (x *session) terminated() { x.out.event("terminated", nil) }
