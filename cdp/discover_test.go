package cdp

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swinspect/swinspect/cdp/internal/install"
)

func contextWithTimeout(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}

// fakeADB is a server of the Android debug bridge with one phone that has Chrome,
// one that is not authorised and one without a browser.
func fakeADB(t *testing.T, chromePort string) adb {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { serveADB(c, chromePort) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return adb{l.Addr().String()}
}

func serveADB(c net.Conn, chromePort string) {
	defer func() { _ = c.Close() }()
	in, serial := bufio.NewReader(c), ""
	for {
		head := make([]byte, 4)
		if _, err := io.ReadFull(in, head); err != nil {
			return
		}
		n, err := strconv.ParseUint(string(head), 16, 16)
		if err != nil {
			return
		}
		request := make([]byte, n)
		if _, err := io.ReadFull(in, request); err != nil {
			return
		}
		text := func(s string) { _, _ = fmt.Fprintf(c, "OKAY%04x%s", len(s), s) }
		switch what := string(request); {
		case what == "host:devices-l":
			text("R5CT    device usb:1-1 product:x model:Pixel_7 transport_id:1\nLOCKED  unauthorized usb:1-2\nBARE device\n")
			return
		case what == "host:list-forward":
			text("R5CT tcp:1 localabstract:other\n")
			return
		case strings.HasPrefix(what, "host:transport:"):
			serial = strings.TrimPrefix(what, "host:transport:")
			_, _ = io.WriteString(c, "OKAY")
		case strings.HasPrefix(what, "shell:"):
			_, _ = io.WriteString(c, "OKAYNum RefCount Protocol\n0000: 00000002 0 00010000 0001 01 1 /dev/socket/x\n")
			if serial == "R5CT" {
				_, _ = io.WriteString(c, "0000: 2 0 0 1 01 2 @chrome_devtools_remote\n0000: 2 0 0 1 01 2 @webview_devtools_remote_77\n")
			}
			return
		case what == "host-serial:R5CT:forward:tcp:0;localabstract:chrome_devtools_remote":
			_, _ = io.WriteString(c, "OKAY")
			text(chromePort)
			return
		default:
			_, _ = fmt.Fprintf(c, "FAIL%04x%s", len("unknown host service"), "unknown host service")
			return
		}
	}
}

func TestDiscover(t *testing.T) {
	port := func(s string) int { n, _ := strconv.Atoi(s); return n }
	ready := port(browserServer(t).Port())
	silent := serveHTTP(t, http.NotFound).Port()
	node := serveHTTP(t, func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, map[string]string{"Browser": "node.js/v22.1.0"})
	}).Port()
	page := serveHTTP(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }).Port()
	private := serveHTTP(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }).Port()
	other := serveHTTP(t, http.NotFound).Port()
	closed := closedPort(t)

	asking := profileWith(t, silent+"\n/devtools/browser/asked")
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(fmt.Sprintf("%s-%d", host, os.Getpid()), filepath.Join(asking, "SingletonLock")); err != nil {
		t.Fatal(err)
	}
	standard := t.TempDir()
	m := machine{
		ports:    []int{port(node), port(page), port(private), port(other), closed},
		profiles: []string{asking, standard},
		installed: []install.Browser{
			{Name: "Google Chrome", Path: "/opt/google chrome/chrome", Profile: asking},
		},
		processes: func(context.Context) []process {
			return []process{
				{11, []string{"/opt/chrome", fmt.Sprintf("--remote-debugging-port=%d", ready), "--user-data-dir=/x"}},
				{12, []string{"/opt/chrome", fmt.Sprintf("--remote-debugging-port=%d", closed)}},
				{13, []string{"/opt/chrome", "--remote-debugging-port=9", "--user-data-dir=/y"}},
				{14, []string{"/opt/chrome", "--remote-debugging-pipe", "--user-data-dir=/y"}},
				{15, []string{"/opt/chrome", "--type=renderer"}},
				{16, []string{"/opt/microsoft/msedge/msedge"}},
				{17, []string{"/usr/bin/vim", "chrome"}},
				{os.Getpid(), []string{"/opt/chrome"}},
			}
		},
		adb: fakeADB(t, ""), home: "/home/o'neil",
	}
	start := time.Now()
	got := map[string]Found{}
	var order []string
	for _, f := range m.discover(t.Context()) {
		key := fmt.Sprint(f.State, " ", f.Product, " ", f.Pid)
		got[key] = f
		order = append(order, f.State)
	}
	if took := time.Since(start); took > discoverWithin {
		t.Errorf("took %s", took)
	}
	for key, want := range map[string]struct{ input, advice, command string }{
		"ready Chrome/156.0.8078.79 11":                     {strconv.Itoa(ready), "", ""},
		"ready Pixel 7 (R5CT) chrome_devtools_remote 0":     {"adb:R5CT/chrome_devtools_remote", "", "adb -s R5CT forward tcp:9222 localabstract:chrome_devtools_remote"},
		"ready Pixel 7 (R5CT) webview_devtools_remote_77 0": {"adb:R5CT/webview_devtools_remote_77", "", "webview_devtools_remote_77"},
		fmt.Sprintf("asks first chrome %d", os.Getpid()):    {asking, "Click Allow", ""},
		"unauthorized Android LOCKED 0":                     {"", "allow USB debugging", ""},
		"refuses 127.0.0.1:" + private + " 0":               {"", "token", ""},
		"port ignored chrome 12":                            {"", "Chrome 136", "/opt/chrome --remote-debugging-port=9222 --user-data-dir='/home/o'\\''neil/.swinspect/profile'"},
		"no port chrome 13":                                 {"", "does not listen yet", ""},
		"on a pipe chrome 14":                               {"", "nobody else", ""},
		"no port msedge 16":                                 {"", "chrome://inspect/#remote-debugging", "/opt/microsoft/msedge/msedge --remote-debugging-port=9222"},
		"no port Android BARE 0":                            {"", "", ""},
		"not a browser node.js/v22.1.0 0":                   {"", "no service workers", ""},
		"not running Google Chrome 0":                       {"", "profile of its own", "'/opt/google chrome/chrome' --remote-debugging-port"},
	} {
		f, ok := got[key]
		if !ok || f.Input != want.input || !strings.Contains(f.Advice, want.advice) || !strings.Contains(f.Command, want.command) {
			t.Errorf("%s: %+v (found: %v)", key, f, ok)
		}
		delete(got, key)
	}
	if len(got) > 0 {
		t.Errorf("unexpected: %+v", got)
	}
	if order[0] != StateReady || order[len(order)-1] != StateInstalled {
		t.Errorf("order: %v", order)
	}
}

func TestDiscoverIsBounded(t *testing.T) {
	release := make(chan struct{})
	stuck := serveHTTP(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	l, err := net.Listen("tcp", "127.0.0.1:0") // an adb server that never answers
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	port, _ := strconv.Atoi(stuck.Port())
	m := machine{ports: []int{port}, processes: func(context.Context) []process { return nil }, adb: adb{l.Addr().String()}}
	start := time.Now()
	m.discover(t.Context())
	if took := time.Since(start); took > discoverWithin+500*time.Millisecond {
		t.Errorf("took %s", took)
	}
}

func TestResolveADB(t *testing.T) {
	chrome := browserServer(t)
	t.Setenv("ADB_SERVER_SOCKET", "tcp:"+fakeADB(t, chrome.Port()).address)
	got, err := Resolve(t.Context(), "adb:R5CT")
	if err != nil || got.Instance != guid || got.Input != "adb:R5CT" {
		t.Errorf("got %+v, %v", got, err)
	}
	for in, reason := range map[string]string{
		"adb:":          "no single Android device is meant",
		"adb:UNKNOWN":   "no single Android device is meant",
		"adb:LOCKED":    "cannot be reached: adb: host-serial:LOCKED",
		"adb:R5CT/nope": "cannot be reached",
	} {
		if _, err := Resolve(t.Context(), in); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v", in, err)
		}
	}
	t.Setenv("ADB_SERVER_SOCKET", "tcp:"+strconv.Itoa(closedPort(t)))
	if _, err := Resolve(t.Context(), "adb:R5CT"); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("no server: %v", err)
	}
}

func TestSplitFlags(t *testing.T) {
	line := "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome --user-data-dir=/Users/x/My Data --remote-debugging-port=9222"
	p := process{1, splitFlags(line)}
	if !p.isBrowser() || p.port() != 9222 || p.flag("user-data-dir") != "/Users/x/My Data" {
		t.Errorf("%q", p.args)
	}
}

func TestProcessesFindsThisOne(t *testing.T) {
	for _, p := range processes(t.Context()) {
		if p.pid == os.Getpid() && len(p.args) > 0 {
			return
		}
	}
	t.Error("this process is not in the list")
}
