package enginebench

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// serveEnv makes the test binary the site's server; its value is a folder.
const serveEnv = "ENGINEBENCH_SERVE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveEnv); dir != "" {
		serveSite(dir)
		return
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		for i := len(cleanups) - 1; i >= 0; i-- {
			cleanups[i]()
		}
		os.Exit(code)
	}))
}

// workers are the scripts at /sw/NAME.js.
var workers = map[string]string{
	"synthetic": claims + `addEventListener("fetch", e => e.respondWith(new Response("x")))`,
	"cache": claims + `addEventListener("install", e => e.waitUntil(caches.open("c").then(c => c.put("/api/x", new Response("x")))));
		addEventListener("fetch", e => e.respondWith(caches.match(e.request)))`,
	"passthrough": claims + `addEventListener("fetch", e => e.respondWith(fetch(e.request)))`,
	"small":       `addEventListener("install", e => e.waitUntil(Promise.resolve())); addEventListener("fetch", e => {})`,
}

const claims = `addEventListener("activate", e => e.waitUntil(clients.claim()));
		`

// site is what every contender sees: a page at any path, workers, /api/x, and a
// folder.
func site(dir string) http.Handler {
	mux := http.NewServeMux()
	text := func(kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("Service-Worker-Allowed", "/")
			_, _ = w.Write([]byte(body)) // a client that is gone needs none
		}
	}
	for name, source := range workers {
		mux.HandleFunc("/sw/"+name+".js", text("text/javascript", source))
	}
	mux.HandleFunc("/{$}", text("text/html", "<!doctype html><title>page</title><p>page"))
	mux.HandleFunc("/api/x", text("text/plain", "x"))
	mux.Handle("/", http.FileServer(http.Dir(dir)))
	return mux
}

// serveSite says where it listens and ends when its parent closes its input.
func serveSite(dir string) {
	ln, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	server := &http.Server{Handler: site(dir), ReadHeaderTimeout: time.Minute}
	go func() {
		_, _ = bufio.NewReader(os.Stdin).ReadByte() // any end of it is the end
		_ = server.Close()
	}()
	fmt.Println("http://" + ln.Addr().String())
	_ = server.Serve(ln)
}

// lab is what the benchmarks share: the site's process, the built binary, the
// built Workbox site.
type lab struct {
	origin string
	server int    // its process
	dir    string // a Workbox generateSW site
	binary string
}

var shared = sync.OnceValues(func() (*lab, error) {
	dir, err := os.MkdirTemp("", "enginebench-")
	if err != nil {
		return nil, err
	}
	cleanups = append(cleanups, func() { _ = os.RemoveAll(dir) })
	l := &lab{dir: filepath.Join(dir, "workbox-generate"), binary: filepath.Join(dir, "swinspect")}
	build := exec.Command("node", "build.mjs", dir)
	build.Dir = "../realworkers"
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the workers (run make setup first): %w\n%s", err, out)
	}
	if out, err := exec.Command("go", "build", "-trimpath", "-o", l.binary, "../../cmd/swinspect").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building swinspect: %w\n%s", err, out)
	}
	return l, l.serve()
})

var cleanups []func()

func (l *lab) serve() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), serveEnv+"="+l.dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	cleanups = append(cleanups, func() {
		_ = in.Close()
		_ = cmd.Wait() // how it ended says nothing
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	l.origin, l.server = strings.TrimSpace(line), cmd.Process.Pid
	return err
}

func start(b *testing.B) *lab {
	b.Helper()
	l, err := shared()
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// closing bounds an orderly end.
const closing = 10 * time.Second
