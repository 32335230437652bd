package enginebench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/cdp/chromium"
	"github.com/swinspect/swinspect/internal/backend"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/window"
)

// milliseconds reports a mean and, when a rival's is known, how many times faster.
func milliseconds(b *testing.B, sum time.Duration, rival float64) float64 {
	ms := sum.Seconds() * 1000 / float64(b.N)
	b.ReportMetric(0, "ns/op") // the same in a unit that reads worse
	b.ReportMetric(ms, "ms")
	if rival > 0 {
		b.ReportMetric(rival/ms, "x-chromium")
	}
	return ms
}

// BenchmarkColdStart starts a stopped worker of Workbox's generateSW: from the
// command to the word that it runs, over CDP; engine-process is the engine alone.
// Goal: 12 ms.
func BenchmarkColdStart(b *testing.B) {
	l := start(b)
	rival := 0.0
	b.Run("chromium", func(b *testing.B) { rival = coldStarts(b, l, l.chromium(b), 0) })
	b.Run("engine", func(b *testing.B) { coldStarts(b, l, l.engine(b), rival) })
	b.Run("engine-process", func(b *testing.B) { coldStartsInProcess(b, l, rival) })
}

func coldStarts(b *testing.B, l *lab, on *backend.Backend, rival float64) float64 {
	p := l.open(b, on)
	events := p.Listen(4096, serviceworker.WorkerVersionUpdated.Method)
	defer events.Close()
	if _, err := cdproto.Call(b.Context(), p, serviceworker.Enable, cdproto.Empty{}); err != nil {
		b.Fatal(err)
	}
	evaluate[any](b, p, `bench.register('/sw.js').then(() => {})`)
	version := ""
	until := func(status serviceworker.VersionRunningStatus) {
		awaitVersion(b, events, func(v *serviceworker.Version) bool {
			version = v.VersionID
			return v.RunningStatus == status && v.Status == serviceworker.VersionStatusActivated
		})
	}
	until(serviceworker.VersionRunningStatusRunning)
	var sum time.Duration
	for range b.N {
		if _, err := cdproto.Call(b.Context(), p, serviceworker.StopWorker, serviceworker.StopWorkerParams{VersionID: version}); err != nil {
			b.Fatal(err)
		}
		until(serviceworker.VersionRunningStatusStopped)
		began := time.Now()
		if _, err := cdproto.Call(b.Context(), p, serviceworker.StartWorker, serviceworker.StartWorkerParams{ScopeURL: l.origin + "/"}); err != nil {
			b.Fatal(err)
		}
		until(serviceworker.VersionRunningStatusRunning)
		sum += time.Since(began)
	}
	return milliseconds(b, sum, rival)
}

// awaitVersion reads events until one tells of a version that fits.
func awaitVersion(b *testing.B, events *cdp.Subscription, fits func(*serviceworker.Version) bool) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	for {
		select {
		case e, ok := <-events.C():
			if !ok {
				b.Fatal(events.Err())
			}
			var updated serviceworker.EventWorkerVersionUpdated
			if err := cdp.Decode(e.Params, &updated); err != nil {
				b.Fatal(err)
			}
			for _, v := range updated.Versions {
				if fits(v) {
					return
				}
			}
		case <-ctx.Done():
			b.Fatal("the worker did not come to that state")
		}
	}
}

func coldStartsInProcess(b *testing.B, l *lab, rival float64) {
	browser := window.NewBrowser(window.BrowserOptions{Network: fetch.Folder(os.DirFS(l.dir), "https://app.example")})
	defer browser.Close()
	p, err := browser.DefaultContext().NewPage(b.Context(), "https://app.example/", window.PageOptions{Wait: true})
	if err != nil {
		b.Fatal(err)
	}
	for p.Title() == "working" || p.Title() == "" { // the page waits for its worker
		time.Sleep(10 * time.Millisecond)
	}
	e := browser.DefaultContext().Engine()
	w := e.WorkerByID(e.Workers()[0].ID)
	var sum time.Duration
	for range b.N {
		if err := e.StopWorker(b.Context(), w, errors.New("benchmark")); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if err := e.StartWorker(b.Context(), w, "benchmark"); err != nil {
			b.Fatal(err)
		}
		sum += time.Since(began)
	}
	milliseconds(b, sum, rival)
}

// BenchmarkRegister is a page's navigator.serviceWorker.register of a small worker
// until that worker is activated.
func BenchmarkRegister(b *testing.B) {
	l := start(b)
	rival := 0.0
	run := func(b *testing.B, on *backend.Backend, rival float64) float64 {
		p := l.open(b, on)
		sum := 0.0
		const chunk = 50 // registrations at a time: a thousand scopes are another benchmark
		for left := b.N; left > 0; left -= chunk {
			sum += evaluate[float64](b, p, fmt.Sprintf(`(async n => {
				const all = [];
				const ms = await bench.timed(async () => { for (let i = 0; i < n; i++) all.push(await bench.register('/sw/small.js', '/s/' + i + '/')) });
				for (const r of all) await r.unregister();
				return ms;
			})(%d)`, min(left, chunk)))
		}
		return milliseconds(b, time.Duration(sum*float64(time.Millisecond)), rival)
	}
	b.Run("chromium", func(b *testing.B) { rival = run(b, l.chromium(b), 0) })
	b.Run("engine", func(b *testing.B) { run(b, l.engine(b), rival) })
}

// BenchmarkFirstPage is from the start of the process until the load event of a
// page of a site, over --pipe. Goal: 150 ms.
func BenchmarkFirstPage(b *testing.B) {
	l := start(b)
	rival := 0.0
	b.Run("chromium", func(b *testing.B) {
		var sum time.Duration
		for range b.N {
			began := time.Now()
			headless := true
			p, err := chromium.Launch(b.Context(), chromium.Options{Pipe: true, Headless: &headless})
			if err != nil {
				b.Fatal(err)
			}
			transport, err := p.Transport(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			firstPage(b, transport, l.origin+"/")
			sum += time.Since(began)
			_ = p.Close() // it was told to end
		}
		rival = milliseconds(b, sum, 0)
	})
	b.Run("engine", func(b *testing.B) {
		var sum time.Duration
		for range b.N {
			began := time.Now()
			transport, wait := l.overPipe(b, "--site", l.dir+"@https://app.example", "--open", "about:blank")
			firstPage(b, transport, "https://app.example/")
			sum += time.Since(began)
			wait()
		}
		milliseconds(b, sum, rival)
	})
}

// overPipe starts the engine with a pipe; wait, after the transport is closed, waits for its end.
func (l *lab) overPipe(b *testing.B, args ...string) (t cdp.Transport, wait func()) {
	b.Helper()
	commandsOut, commandsIn, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	messagesOut, messagesIn, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(l.binary, append([]string{"engine", "--pipe"}, args...)...)
	cmd.ExtraFiles = []*os.File{commandsOut, messagesIn}
	cmd.Stderr = os.Stderr
	err = cmd.Start()
	_, _ = commandsOut.Close(), messagesIn.Close() // the child has its own copies
	if err != nil {
		b.Fatal(err)
	}
	return cdp.NewStream(messagesOut, commandsIn), func() {
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
	}
}

// firstPage opens a page, waits for its load event and hangs up.
func firstPage(b *testing.B, transport cdp.Transport, url string) {
	b.Helper()
	conn := cdp.NewConn(transport)
	defer func() { _ = conn.Close() }() // nothing more is asked
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	opened, err := cdproto.Call(ctx, conn.Root(), target.CreateTarget, target.CreateTargetParams{URL: "about:blank"})
	if err != nil {
		b.Fatal(err)
	}
	s, err := conn.Attach(ctx, opened.TargetID)
	if err != nil {
		b.Fatal(err)
	}
	loaded := s.Listen(64, page.LoadEventFired.Method)
	defer loaded.Close()
	if _, err := cdproto.Call(ctx, s, page.Enable, page.EnableParams{}); err != nil {
		b.Fatal(err)
	}
	if _, err := cdproto.Call(ctx, s, page.Navigate, page.NavigateParams{URL: url}); err != nil {
		b.Fatal(err)
	}
	select {
	case <-loaded.C():
	case <-ctx.Done():
		b.Fatal("the page did not load")
	}
}

// BenchmarkDefault is `swinspect` without arguments, from the start of the process:
// until its page answers, until it shows the demo's registrations, and until it
// shows that a new version of the demo's worker waits.
func BenchmarkDefault(b *testing.B) {
	l := start(b)
	var answers, registered, waiting time.Duration
	for range b.N {
		cmd := exec.Command(l.binary, "serve", "--listen", "127.0.0.1:0", "--discover=false")
		out, err := cmd.StdoutPipe()
		if err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		url, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			b.Fatal(err)
		}
		shows := func(what string) time.Duration {
			for !strings.Contains(get(b, strings.TrimSpace(url)), what) && time.Since(began) < time.Minute {
				time.Sleep(2 * time.Millisecond)
			}
			return time.Since(began)
		}
		answers += shows("swinspect")
		registered += shows("https://tideline.example/")
		waiting += shows(">waiting<")
		if err := errors.Join(cmd.Process.Signal(os.Interrupt), cmd.Wait()); err != nil {
			b.Fatal(err)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	b.ReportMetric(0, "ns/op")
	for name, sum := range map[string]time.Duration{"ms-answers": answers, "ms-registered": registered, "ms-waiting": waiting} {
		b.ReportMetric(sum.Seconds()*1000/float64(b.N), name)
	}
}

// get is a page's text; empty when it does not answer yet.
func get(b *testing.B, url string) string {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
	if err != nil {
		b.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return ""
	}
	defer func() { _ = response.Body.Close() }() // read to its end
	text, _ := io.ReadAll(response.Body)         // half a page shows less
	return string(text)
}
