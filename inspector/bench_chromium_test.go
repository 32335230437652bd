package inspector

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/internal/testsite"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

// twoHundred makes n registrations over at most 20 origins.
func twoHundred(t testing.TB, c *drive.Chromium, site *testsite.Site, n int) {
	t.Helper()
	origins := min(n, 20)
	for i := range origins {
		c.Open(t, site.URL(i, fmt.Sprintf("many?n=%d", n/origins))).Close(t)
	}
}

// rawInventory is what an inventory costs at least: connect, a hidden target,
// ServiceWorker.enable, until the last list is there.
func rawInventory(ctx context.Context, endpoint string) error {
	ep, err := cdp.Resolve(ctx, endpoint)
	if err != nil {
		return err
	}
	tr, err := cdp.DialWebSocket(ctx, ep.WebSocketURL)
	if err != nil {
		return err
	}
	conn := cdp.NewConn(tr)
	defer func() { _ = conn.Close() }()
	hidden := true
	res, err := cdproto.Call(ctx, conn.Root(), target.CreateTarget, target.CreateTargetParams{URL: "about:blank", Hidden: &hidden})
	if err != nil {
		return err
	}
	s, err := conn.Attach(ctx, res.TargetID)
	if err != nil {
		return err
	}
	sub := s.Listen(16, serviceworker.WorkerVersionUpdated.Method)
	if _, err := cdproto.Call(ctx, s, serviceworker.Enable, cdproto.Empty{}); err != nil {
		return err
	}
	select {
	case <-sub.C():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// BenchmarkAttachToInventory measures attaching until the inventory is folded,
// as a ratio to the CDP calls it needs (goal: 1.3 at most). The two alternate, so
// that both see the same weather.
func BenchmarkAttachToInventory(b *testing.B) {
	for _, n := range []int{1, 50, 200} {
		var once sync.Once
		var c *drive.Chromium
		b.Run(fmt.Sprintf("registrations=%d", n), func(b *testing.B) {
			once.Do(func() {
				c = drive.Start(b)
				twoHundred(b, c, testsite.Start(b), n)
			})
			var ours, raw time.Duration
			b.ResetTimer()
			for b.Loop() {
				ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
				began := time.Now()
				if err := rawInventory(ctx, c.Endpoint()); err != nil {
					b.Fatal(err)
				}
				raw += time.Since(began)

				hub := NewHub(HubOptions{})
				began = time.Now()
				browser, err := hub.Attach(ctx, AttachOptions{Endpoint: c.Endpoint()})
				ours += time.Since(began)
				if err != nil {
					b.Fatal(err)
				}
				if got := len(browser.State().Live()); got != n {
					b.Fatalf("%d registrations", got)
				}
				_ = hub.Close()
				cancel()
			}
			b.ReportMetric(float64(ours)/float64(raw), "ratio")
			b.ReportMetric(float64(raw.Microseconds())/1000/float64(b.N), "raw-ms/op")
			b.ReportMetric(float64(ours.Microseconds())/1000/float64(b.N), "attach-ms/op")
		})
	}
}
