package cdp

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/swinspect/swinspect/cdp/internal/install"
)

// Found is one browser of this machine, or of a device connected to it: whether
// it can be attached to and, where not, what to do.
type Found struct {
	Input    string   // what to give Resolve; "" when it cannot be attached to
	Product  string   // "Chrome/156.0.8078.79", or the name of the program or device
	State    string   // one of the State constants
	Advice   string   // one sentence, "" for StateReady
	Command  string   // a command to copy, "" when none helps
	Pid      int      // its process, 0 when unknown
	Resolved Endpoint // its endpoint, when it is known already
}

// The states of what Discover finds, best first.
const (
	StateReady        = "ready"         // attach with Input
	StateAsks         = "asks first"    // attach with Input: the browser asks its user (Chrome 144 and later)
	StateUnauthorized = "unauthorized"  // a device whose user has not allowed debugging yet
	StateRefuses      = "refuses"       // it wants a token or another Host
	StateIgnored      = "port ignored"  // was given a port and does not listen (Chrome 136 and later, default profile)
	StatePipe         = "on a pipe"     // driven by the program that started it
	StateNoPort       = "no port"       // runs without remote debugging
	StateNotBrowser   = "not a browser" // speaks the protocol but has no service workers: Node.js
	StateInstalled    = "not running"   // can be started
)

var stateOrder = []string{
	StateReady, StateAsks, StateUnauthorized, StateRefuses, StateIgnored,
	StatePipe, StateNoPort, StateNotBrowser, StateInstalled,
}

// discoverWithin bounds a Discover.
const discoverWithin = 1500 * time.Millisecond

// commonPorts are where debugging ports usually are.
var commonPorts = []int{9222, 9223, 9224, 9225, 9226, 9227, 9228, 9229, 9333}

// Discover looks for browsers that can be attached to, and for those that cannot
// and why: at the common ports, among the running processes, in the
// DevToolsActivePort files of known profiles, behind the Android debug bridge,
// and among the installed browsers. It takes 1.5 s at most, starts nothing, and
// asks a browser for no more than /json/version: nobody sees a dialog.
func Discover(ctx context.Context) []Found {
	return thisMachine().discover(ctx)
}

// machine is what Discover looks at; tests replace it.
type machine struct {
	ports     []int
	processes func(context.Context) []process
	profiles  []string
	installed []install.Browser
	adb       adb
	adbHere   bool   // the adb command is installed
	home      string // below which new profiles are proposed
}

func thisMachine() machine {
	system := install.This()
	_, err := exec.LookPath("adb")
	return machine{
		ports: commonPorts, processes: processes, profiles: system.Profiles(), installed: system.Find(),
		adb: adb{adbServer()}, adbHere: err == nil, home: system.Home,
	}
}

// survey is one Discover under way.
type survey struct {
	machine
	running []process
	active  []activePort // of the known profiles and the running processes

	mu    sync.Mutex
	found []Found
	open  map[int]bool // ports on which a browser answers
}

func (m machine) discover(ctx context.Context) []Found {
	ctx, cancel := context.WithTimeout(ctx, discoverWithin)
	defer cancel()
	s := &survey{machine: m, open: map[int]bool{}}
	var wg sync.WaitGroup
	wg.Go(func() { s.lookAtDevices(ctx) })
	s.running = m.processes(ctx)
	s.active = s.activePorts()
	for _, port := range s.candidates() {
		wg.Go(func() { s.lookAtPort(ctx, port) })
	}
	wg.Wait()
	s.lookAtProcesses()
	s.lookAtInstalled()
	slices.SortStableFunc(s.found, func(a, b Found) int {
		if by := slices.Index(stateOrder, a.State) - slices.Index(stateOrder, b.State); by != 0 {
			return by
		}
		return strings.Compare(a.Input+a.Product, b.Input+b.Product)
	})
	return s.found
}

func (s *survey) add(f Found) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found = append(s.found, f)
}

// activePorts reads the DevToolsActivePort files there are.
func (s *survey) activePorts() []activePort {
	dirs := slices.Clone(s.profiles)
	for _, p := range s.running {
		if dir := p.flag("user-data-dir"); dir != "" && p.isBrowser() {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	var found []activePort
	for _, dir := range slices.Compact(dirs) {
		if a, err := readActivePort(dir); err == nil && a.dir == dir {
			found = append(found, a)
		}
	}
	return found
}

// candidates are the ports worth asking, each once.
func (s *survey) candidates() []int {
	ports := slices.Clone(s.ports)
	for _, p := range s.running {
		if port := p.port(); port > 0 {
			ports = append(ports, port)
		}
	}
	for _, a := range s.active {
		if n, err := strconv.Atoi(a.port); err == nil {
			ports = append(ports, n)
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// lookAtPort asks one port of this machine who it is.
func (s *survey) lookAtPort(ctx context.Context, port int) {
	base := &url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	status, body, err := get(ctx, base.JoinPath("json", "version"))
	if err != nil {
		return // nothing listens, or nothing that speaks HTTP
	}
	var v version
	switch {
	case status == http.StatusNotFound:
		s.lookAtSilent(port)
	case status == http.StatusForbidden, status == http.StatusUnauthorized:
		s.add(Found{Product: base.Host, State: StateRefuses,
			Advice: "It wants a token: attach with its URL, the token in the query or as user:password@."})
	case status != http.StatusOK || Decode(body, &v) != nil:
	case v.WebSocketDebuggerURL != "":
		s.addReady(port, base, v)
	case v.Browser != "":
		s.add(Found{Product: v.Browser, State: StateNotBrowser, Pid: s.pidOf(port),
			Advice: "It speaks the protocol but has no service workers."})
	}
}

func (s *survey) addReady(port int, base *url.URL, v version) {
	ws, err := url.Parse(v.WebSocketDebuggerURL)
	if err != nil {
		return
	}
	ep := endpointOf(throughBase(ws, base), v.Browser)
	ep.Input = strconv.Itoa(port)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[port] = true
	s.found = append(s.found, Found{Input: ep.Input, Product: v.Browser, State: StateReady, Pid: s.pidOf(port), Resolved: ep})
}

// lookAtSilent handles a port without /json: a browser when a profile names it.
func (s *survey) lookAtSilent(port int) {
	for _, a := range s.active {
		if a.port != strconv.Itoa(port) {
			continue
		}
		ep := endpointOf(&url.URL{Scheme: "ws", Host: net.JoinHostPort("127.0.0.1", a.port), Path: a.path}, "")
		ep.Input = a.dir
		pid := lockHolder(a.dir)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open[port] = true
		s.found = append(s.found, Found{
			Input: a.dir, Product: s.nameOf(pid, a.dir), State: StateAsks, Pid: pid, Resolved: ep,
			Advice: "Its remote debugging was allowed in chrome://inspect: the browser asks its user when swinspect attaches. Click Allow there.",
		})
		return
	}
}

// pidOf is the browser that was told to listen on the port.
func (s *survey) pidOf(port int) int {
	for _, p := range s.running {
		if !p.isBrowser() {
			continue
		}
		if p.port() == port {
			return p.pid
		}
		for _, a := range s.active {
			if p.port() == 0 && a.port == strconv.Itoa(port) && sameDir(a.dir, p.flag("user-data-dir")) {
				return p.pid
			}
		}
	}
	return 0
}

// nameOf names a browser whose version nobody tells.
func (s *survey) nameOf(pid int, profile string) string {
	for _, p := range s.running {
		if p.pid == pid && pid != 0 {
			return p.name()
		}
	}
	for _, b := range s.installed {
		if b.Profile == profile {
			return b.Name
		}
	}
	return filepath.Base(profile)
}

// lookAtProcesses lists the running browsers that no port led to.
func (s *survey) lookAtProcesses() {
	seen := map[int]bool{}
	for _, f := range s.found {
		seen[f.Pid] = true
	}
	for _, p := range s.running {
		if p.isBrowser() && !seen[p.pid] && !s.open[p.port()] {
			s.found = append(s.found, s.unreachable(p))
		}
	}
}

// unreachable says why a running browser cannot be attached to.
func (s *survey) unreachable(p process) Found {
	f := Found{Product: p.name(), Pid: p.pid, Command: s.startCommand(p.args[0])}
	switch {
	case p.has("remote-debugging-pipe"):
		f.State, f.Command = StatePipe, ""
		f.Advice = "It is driven through a pipe by the program that started it; nobody else can attach."
	case p.port() >= 0 && s.onDefaultProfile(p):
		f.State = StateIgnored
		f.Advice = "It was started with --remote-debugging-port, which Chrome 136 and later ignore on the default profile: " +
			"close it and start it with a profile of its own."
	case p.port() >= 0:
		f.State, f.Command = StateNoPort, ""
		f.Advice = "It was started with --remote-debugging-port but does not listen yet: try again in a moment."
	default:
		f.State = StateNoPort
		f.Advice = "It runs without remote debugging. In Chrome 144 and later, allow it in chrome://inspect/#remote-debugging; " +
			"or start another one beside it."
	}
	return f
}

// onDefaultProfile reports a browser that was given no user data directory, or
// the one it would use anyway.
func (s *survey) onDefaultProfile(p process) bool {
	dir := p.flag("user-data-dir")
	return dir == "" || slices.ContainsFunc(s.profiles, func(known string) bool { return known == dir || sameDir(known, dir) })
}

// lookAtInstalled lists what could be started.
func (s *survey) lookAtInstalled() {
	for _, b := range s.installed {
		s.found = append(s.found, Found{
			Product: b.Name, State: StateInstalled, Command: s.startCommand(b.Path),
			Advice: "Start it with a debugging port and a profile of its own.",
		})
	}
}

// startCommand starts a browser that can be attached to, beside whatever runs.
func (s *survey) startCommand(executable string) string {
	port := 9222
	for s.open[port] {
		port++
	}
	profile := filepath.Join(s.home, ".swinspect", "profile")
	command := fmt.Sprintf("%s --remote-debugging-port=%d --user-data-dir=%s", quoted(executable), port, quoted(profile))
	if os.Geteuid() == 0 {
		command += " --no-sandbox" // Chromium refuses to start its sandbox as root
	}
	return command
}

// quoted is the word as a shell reads it.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r == '/' || r == '-' || r == '.' || r == '_' || r == ':' ||
			'0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	if os.PathSeparator == '\\' {
		return `"` + word + `"`
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
