package uitest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/cdp/chromium"
	"github.com/swinspect/swinspect/internal/testsite"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

// binary is the swinspect under test, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "swinspect-uitest-")
	if built := os.Getenv("SWINSPECT_BINARY"); built != "" {
		binary = built // one that is built already
	} else if err == nil {
		binary = filepath.Join(dir, "swinspect")
		build := exec.Command("go", "build", "-o", binary, "../cmd/swinspect")
		build.Stderr = os.Stderr
		err = build.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "uitest: building swinspect:", err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, "uitest:", err)
		code = 1
	}
	if code == 0 {
		http.DefaultClient.CloseIdleConnections()
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, "uitest:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// world is what a suite plays in: fixture sites, a browser under inspection and
// swinspect serving its page. Everything ends with the test.
type world struct {
	t       testing.TB
	site    *testsite.Site
	browser *drive.Chromium
	profile string
	port    int
	url     string // of swinspect's page
	serve   *exec.Cmd
	pages   map[string]*drive.Page
	board   *switchboard
	dir     string // of a site that a suite may change
	origin  string // of that site
	folder  string // that serve runs in, "" this one
	state   string // where it keeps breakpoints
}

// newWorld starts everything; args are further ones for serve.
func newWorld(t testing.TB, args ...string) *world {
	t.Helper()
	w := &world{t: t, site: testsite.Start(t), profile: t.TempDir(), pages: map[string]*drive.Page{}}
	w.launch()
	w.startServe(append([]string{"--attach", "http://" + w.browser.Endpoint(), "--recordings", t.TempDir()}, args...)...)
	return w
}

// newDemoWorld is swinspect as it starts without a word: the demo on its engine, no
// browser to inspect.
func newDemoWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, site: testsite.Start(t)}
	w.startServe("--discover=false", "--recordings", t.TempDir())
	return w
}

// launch starts the browser under inspection, the second time on the port and
// the profile of the first.
func (w *world) launch() {
	w.t.Helper()
	w.browser = drive.StartWith(w.t, drive.Options{UserDataDir: w.profile, Port: w.port})
	_, port, err := net.SplitHostPort(w.browser.Endpoint())
	if err == nil {
		w.port, err = strconv.Atoi(port)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// startServe runs the real program and waits for its address. stop ends it as
// Ctrl-C would; the end of the test does too.
func (w *world) startServe(args ...string) (stop func()) {
	w.t.Helper()
	cmd := exec.Command(binary, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Dir = w.folder
	if w.state == "" {
		w.state = w.t.TempDir()
	}
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+w.state) // the user's breakpoints are not ours
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.serve = cmd
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			w.t.Errorf("serve ended with %v\n%s", err, &errs)
		}
	})
	w.t.Cleanup(stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		w.t.Fatalf("serve printed no address: %v\n%s", err, &errs)
	}
	w.url = strings.TrimSpace(line)
	return stop
}

// suite runs tests/NAME.mjs under node against this world. What the suite asks
// of the browser under inspection runs on the test's goroutine, so that it may
// fail the test.
func (w *world) suite(name string) string {
	w.t.Helper()
	node := w.node()
	asks := make(chan ask)
	ended := make(chan struct{})
	control := w.control(asks, ended)

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, filepath.Join("tests", name+".mjs"))
	cmd.Env = append(os.Environ(), "WORLD="+w.describe(control))
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	done := make(chan error, 1)
	var waiting sync.WaitGroup
	waiting.Go(func() { done <- cmd.Wait() })
	defer func() {
		cancel()
		close(ended)
		waiting.Wait()
	}()
	for {
		select {
		case a := <-asks:
			a.reply <- w.do(a)
		case err := <-done:
			if err != nil {
				w.t.Errorf("tests/%s.mjs: %v\n%s", name, err, &out)
			}
			return out.String()
		}
	}
}

// node finds Node 20 with the packages installed. There is no skipping: what is
// missing fails the test and says what to do.
func (w *world) node() string {
	w.t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		w.t.Fatal("uitest needs Node 20 or newer: `make setup` installs it")
	}
	if _, err := os.Stat(filepath.Join("node_modules", "playwright-core", "package.json")); err != nil {
		w.t.Fatal("uitest needs its npm packages: run `make setup`, or `npm ci` in uitest/")
	}
	return node
}

// describe is what the suite reads from $WORLD.
func (w *world) describe(control string) string {
	found, err := chromium.Find()
	if err != nil {
		w.t.Fatal(err)
	}
	origin, other := w.origin, ""
	if w.site != nil {
		origin, other = w.site.Origin(0), w.site.Origin(1)
	}
	b, err := json.Marshal(map[string]any{
		"page": w.url, "control": control, "chromium": found[0].Path, "root": os.Geteuid() == 0,
		"origin": origin, "other": other, "serve": w.serve.Process.Pid, "engine": w.browser == nil,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// ask is one wish of a suite.
type ask struct {
	what, arg, page string
	reply           chan map[string]any
}

// control listens for the suite's wishes: POST /WHAT?arg=…&page=….
func (w *world) control(asks chan<- ask, ended <-chan struct{}) string {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		a := ask{strings.Trim(r.URL.Path, "/"), r.URL.Query().Get("arg"), r.URL.Query().Get("page"), make(chan map[string]any, 1)}
		select {
		case asks <- a:
		case <-ended:
			return
		}
		select {
		case answer := <-a.reply:
			if err := json.NewEncoder(rw).Encode(answer); err != nil {
				_, _ = io.WriteString(rw, err.Error())
			}
		case <-ended:
		}
	})}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) }) // ends with ErrServerClosed
	w.t.Cleanup(func() {
		_ = server.Close()
		serving.Wait()
	})
	return "http://" + l.Addr().String()
}

// do fulfils one wish.
func (w *world) do(a ask) map[string]any {
	w.t.Helper()
	switch a.what {
	case "open": // a fixture page, until its worker is there
		p := w.browser.OpenAny(w.t, "", w.absolute(a.arg))
		w.pages[p.ID] = p
		return map[string]any{"page": p.ID, "state": p.State(w.t)}
	case "eval":
		return map[string]any{"value": w.pages[a.page].Eval(w.t, a.arg)}
	case "reload":
		w.pages[a.page].Reload(w.t)
	case "close":
		w.pages[a.page].Close(w.t)
	case "bump":
		return map[string]any{"version": w.site.Bump(a.arg)}
	case "running", "stopped": // a fixture's worker, from outside swinspect
		if w.board == nil {
			w.board = newSwitchboard(w.t, w.browser)
		}
		return map[string]any{"at": w.board.set(w.t, w.site.Scope(0, a.arg), a.what)}
	case "visit": // a page of the site that a suite may change, without waiting for it
		p := w.browser.OpenAny(w.t, "", w.origin+a.arg)
		if w.pages == nil {
			w.pages = map[string]*drive.Page{}
		}
		w.pages[p.ID] = p
		return map[string]any{"page": p.ID}
	case "start": // evaluates and does not wait for the outcome
		w.pages[a.page].Eval(w.t, "void ("+a.arg+"), 'begun'")
	case "write": // "NAME\nTEXT" into the site that a suite may change
		name, text, _ := strings.Cut(a.arg, "\n")
		w.write(name, text)
	case "kill":
		w.browser.Kill()
	case "restart":
		w.browser.Kill() // the suite did, unless an earlier case failed
		w.launch()
	default:
		w.t.Errorf("the suite asks for %q, which is unknown", a.what)
	}
	return map[string]any{}
}

// absolute is a fixture of the first origin, or a whole URL.
func (w *world) absolute(fixture string) string {
	if u, err := url.Parse(fixture); err == nil && u.IsAbs() {
		return fixture
	}
	return w.site.URL(0, fixture)
}
