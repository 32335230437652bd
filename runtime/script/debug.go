package script

import (
	"context"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/dop251/goja"
)

// Debugger debugs an agent: it stops script in the probes of package instrument.
//
// Its methods may be called from any goroutine, except where they say that they are for
// the loop. A pause is a nested loop on the agent's goroutine, which serves Interject:
// script, tasks and timers of the agent wait, other agents do not. No lock is held
// while script runs or an option's function is called.
type Debugger struct {
	agent   *Agent
	options DebugOptions

	mu          sync.Mutex // guards the fields below
	programs    map[*goja.Program]*debugProgram
	runs        map[*debugProgram]*debugRun // the programs that have run here
	order       []*debugRun                 // of runs, the oldest first
	scripts     []*DebugScript
	breakpoints map[string]*breakpoint
	lastID      int
	inactive    bool
	spare       bool // made for probesEverywhere: nobody has asked for it
	skipAll     bool
	prelude     bool // scripts of the debugger's own have run
	keepAll     bool // every statement leaves its accessor
	exceptions  ExceptionMode
	visitor     func(*Visit) VisitVerdict
	library     []*regexp.Regexp
	soon        bool // stop at the next statement
	step        *step
	paused      *Pause
	resumed     chan struct{} // closed when the pause is to end
	requests    []*request
	wake        chan struct{} // capacity 1: requests may be there

	// Of the loop alone.
	last    thrown
	running []*debugRun // programs that are being evaluated, innermost last
	quiet   int         // code of the debugger's own runs: nothing stops
	silent  int         // what a client evaluates runs, whose exceptions do not pause
	earlier *step       // the step that was under way when what a client evaluates began
	calls   int64
	slots   []slot
	fired   []slot // those that left an accessor in this task
	job     *job
	frames  []goja.StackFrame
	watched []*Frame // whose scope an evaluation enters
	helpers *debugHelpers
	lookups map[string]*goja.Program
}

// probesEverywhere is for tests of everything else: "on" debugs every agent from its
// start, "keep" has every statement leave its accessor too.
var probesEverywhere = os.Getenv("SWINSPECT_PROBES")

// Debug turns debugging on for the scripts that the agent compiles from now on: on the
// loop, or before the first task. An agent has one debugger; a second call gives it
// again and ignores the options.
func (a *Agent) Debug(o DebugOptions) *Debugger {
	if o.EvaluateLimit == 0 {
		o.EvaluateLimit = evaluateLimit
	}
	if d := a.Debugger(); d != nil && d.spare {
		d.spare, d.options = false, o
	}
	if a.Debugger() == nil {
		a.debug.Store(&Debugger{
			agent: a, options: o, exceptions: NoExceptions, wake: make(chan struct{}, 1),
			programs: map[*goja.Program]*debugProgram{}, runs: map[*debugProgram]*debugRun{}, breakpoints: map[string]*breakpoint{},
			lookups: map[string]*goja.Program{},
		})
	}
	return a.Debugger()
}

// Debugger is the agent's debugger; nil when it is not debugged.
func (a *Agent) Debugger() *Debugger { return a.debug.Load() }

// Compile is the function Compile, with what the agent's debugger needs put in. It may
// be called from any goroutine.
func (a *Agent) Compile(url string, source []byte) (*goja.Program, error) {
	d := a.Debugger()
	if d == nil {
		return Compile(url, source)
	}
	p, err := compileDebug(url, source)
	return d.compiled(p, err)
}

// CompileModule is the function CompileModule, with what the agent's debugger needs
// put in. It may be called from any goroutine.
func (a *Agent) CompileModule(ctx context.Context, entry string, load ModuleLoader) (*goja.Program, error) {
	d := a.Debugger()
	if d == nil {
		return CompileModule(ctx, entry, load)
	}
	p, err := compileModule(ctx, entry, load)
	return d.compiled(p, err)
}

func (d *Debugger) compiled(p *debugProgram, err error) (*goja.Program, error) {
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.programs[p.program] = p
	return p.program, nil
}

// debugRun is a program in this agent: the bytes that its probes look at.
type debugRun struct {
	program *debugProgram
	flags   []byte // see arm
	scripts []*DebugScript
	fired   []uint32 // by probe: how often it was called to keep variables
	// kept are the probes whose variables are kept; seen those that were on the stack of
	// a pause. Guarded by Debugger.mu.
	kept, seen map[int]bool
}

// parts is what a DebugScript has for the debugger.
type parts struct {
	run    *debugRun
	source int // index in the program's sources
}

// begins is told of a program that is about to run, and its answer of its end; on the
// loop. The first time the names its probes use are made.
func (d *Debugger) begins(p *goja.Program) (ends func()) {
	d.mu.Lock()
	program := d.programs[p]
	run := d.runs[program]
	d.mu.Unlock()
	if program == nil {
		return func() {}
	}
	if run == nil {
		run = d.meet(program)
	}
	d.running = append(d.running, run)
	return func() { d.running = d.running[:len(d.running)-1] }
}

// meet makes what a program needs that runs for the first time.
func (d *Debugger) meet(program *debugProgram) *debugRun {
	d.mu.Lock()
	run := &debugRun{program: program, flags: make([]byte, max(len(program.table.Probes), 1)), fired: make([]uint32, max(len(program.table.Probes), 1))}
	d.runs[program] = run
	d.order = append(d.order, run)
	for i := range program.sources {
		source := &program.sources[i]
		s := &DebugScript{ID: strconv.Itoa(len(d.scripts) + 1), URL: source.url, Text: source.text, Module: source.module, parts: parts{run, i}}
		run.scripts = append(run.scripts, s)
		d.scripts = append(d.scripts, s)
		if strings.HasPrefix(s.URL, ownScheme) && !d.prelude {
			d.prelude = true
			d.armAll()
		}
	}
	d.arm(run)
	d.mu.Unlock()
	d.install(run)
	if d.options.OnParsed != nil {
		for _, s := range run.scripts {
			d.options.OnParsed(s)
		}
	}
	return run
}

// Scripts lists the scripts that have run, oldest first.
func (d *Debugger) Scripts() []*DebugScript {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]*DebugScript(nil), d.scripts...)
}

// SetActive switches breakpoints, steps and exceptions on or off.
func (d *Debugger) SetActive(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inactive = !on
	d.armAll()
}

// SkipAll does not pause at anything while it is on.
func (d *Debugger) SkipAll(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.skipAll = on
	d.armAll()
}

// PauseOnExceptions says which thrown values pause.
func (d *Debugger) PauseOnExceptions(mode ExceptionMode) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.exceptions = mode
	d.armAll()
}

// Blackbox names the scripts not to be stepped into, by expressions for their URLs.
func (d *Debugger) Blackbox(patterns []string) error {
	var list []*regexp.Regexp
	for _, p := range patterns {
		e, err := regexp.Compile(p)
		if err != nil {
			return err
		}
		list = append(list, e)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.library = list
	return nil
}

// isLibrary reports a blackboxed script; with mu held.
func (d *Debugger) isLibrary(s *DebugScript) bool {
	for _, e := range d.library {
		if s != nil && e.MatchString(s.URL) {
			return true
		}
	}
	return false
}
