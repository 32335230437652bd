package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/internal/testsite"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

// serving runs serve until the test ends and returns the page's URL.
func serving(t *testing.T, env map[string]string, args ...string) (url string, errs *syncBuffer, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	errs = &syncBuffer{}
	r, w := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...),
			stdio{in: strings.NewReader(""), out: w, err: errs, env: func(k string) string { return env[k] }})
		_ = w.Close()
	}()
	buf := make([]byte, 512)
	n, err := r.Read(buf)
	if err != nil {
		t.Fatalf("serve ended with %d: %s", <-done, errs)
	}
	stopped := -1
	stop = func() int {
		if stopped < 0 {
			cancel(errInterrupted)
			select {
			case stopped = <-done:
			case <-time.After(20 * time.Second):
				t.Fatalf("serve did not end: %s", errs)
			}
		}
		return stopped
	}
	t.Cleanup(func() { stop() })
	return strings.TrimSpace(string(buf[:n])), errs, stop
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// eventually polls the page until it has a text.
func eventually(t *testing.T, url, want string) {
	t.Helper()
	var code int
	var body string
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if code, body = get(t, url); code == http.StatusOK && strings.Contains(body, want) {
			return
		}
	}
	t.Fatalf("%s never had %q; last %d: %.2000s", url, want, code, body)
}

// serve shows the start page without a browser, and ends at an interrupt.
func TestServeStartPage(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	url, _, stop := serving(t, nil, "--discover=false", "--engine=false")
	if code, body := get(t, url); code != http.StatusOK || !strings.Contains(body, "remote-debugging-port") {
		t.Errorf("the start page: %d %.1000s", code, body)
	}
	if exit := stop(); exit != exitOK {
		t.Errorf("exit %d after an interrupt, want 0", exit)
	}
}

// Two browsers at once, one of which comes later than serve.
func TestServeBrowsers(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	site, browser := testsite.Start(t), drive.Start(t)
	browser.Open(t, site.URL(0, "simple"))
	late := freePort(t)
	url, errs, stop := serving(t, nil, "--attach", browser.Endpoint(), "--attach", late)
	eventually(t, url, site.Origin(0))
	_, port, _ := net.SplitHostPort(late)
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	other := drive.StartWith(t, drive.Options{Port: number})
	other.Open(t, site.URL(1, "claim"))
	eventually(t, url, "o1.localhost")
	if said := errs.String(); !strings.Contains(said, late) {
		t.Errorf("the absent browser is not mentioned: %s", said)
	}
	if exit := stop(); exit != exitOK {
		t.Errorf("exit %d, want 0", exit)
	}
}

// --launch starts a browser with what it opens, which ends with serve.
func TestServeLaunch(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	site := testsite.Start(t)
	for _, args := range [][]string{{"--launch", site.URL(0, "simple")}, {"--launch=" + site.URL(0, "simple")}} {
		url, _, stop := serving(t, nil, args...)
		eventually(t, url, "/simple/")
		if exit := stop(); exit != exitOK {
			t.Errorf("exit %d, want 0", exit)
		}
	}
}

// An address in use is named, with the way out.
func TestServeAddressInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	call(t, "serve", "--listen", l.Addr().String()).want(t, exitNo, l.Addr().String(), "is in use", "--listen 127.0.0.1:0")
	call(t, "--listen", l.Addr().String()).want(t, exitNo, "is in use")
}

// A browser that does not start is named, with what to do.
func TestServeLaunchFails(t *testing.T) {
	t.Setenv("SWINSPECT_BROWSER", "/bin/false")
	call(t, "serve", "--listen", "127.0.0.1:0", "--launch").want(t, exitUnreachable, "/bin/false", "SWINSPECT_BROWSER")
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
