package recording

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/chromedp/cdproto/cdp/jsonv2"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
)

func TestMain(m *testing.M) {
	if childMain() || readBig() {
		return
	}
	goleak.VerifyTestMain(m)
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// create begins a recording in a temporary folder; it is closed when the test ends.
func create(t testing.TB, opts ...Options) *Writer {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.swrec")
	w, err := Create(path, Meta{Mode: Passive, Target: "https://shop.example/", Program: "test", Began: start}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// reopen closes a writer and opens its file.
func reopen(t testing.TB, w *Writer) *File {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return openFile(t, w.Path())
}

func openFile(t testing.TB, path string) *File {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func event(at time.Duration, target, method, params string) inspector.Message {
	return inspector.Message{
		Time: start.Add(at), Kind: inspector.KindEvent, Instance: "b1", Context: "c1", Target: target,
		Method: method, Params: jsonv2.Value(params),
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// request is the messages of one request that a worker answered from a cache.
func request(i int) []inspector.Message {
	at := time.Duration(i) * 10 * time.Millisecond
	wall := float64(start.Add(at).UnixMicro()) / 1e6
	id := fmt.Sprintf("%d.%d", 4000+i/1000, i)
	url := fmt.Sprintf("https://shop.example/assets/products/%d/hero.avif?v=%d", i, i%7)
	status := []int{200, 200, 200, 404, 301}[i%5]
	sent := fmt.Sprintf(`{"requestId":%q,"loaderId":"L","documentURL":"https://shop.example/page/%d","request":{"url":%q,"method":%q,
		"headers":{"Accept":"image/avif","Cookie":"sid=very-secret-%d","X-Request":"%d"}},"timestamp":%f,"wallTime":%f,"initiator":{"type":"script"},"type":"Image","frameId":"F"}`,
		id, i/50, url, []string{"GET", "GET", "POST"}[i%3], i, i, 1000+at.Seconds(), wall)
	got := fmt.Sprintf(`{"requestId":%q,"loaderId":"L","timestamp":%f,"type":"Image","response":{"url":%q,"status":%d,"statusText":"OK",
		"headers":{"content-type":"image/avif","etag":"\"e%d\"","set-cookie":"a=1"},"mimeType":"image/avif","fromServiceWorker":true,"serviceWorkerResponseSource":"cache-storage",
		"cacheStorageCacheName":"images-v%d","timing":{"requestTime":%f,"workerStart":0.5,"workerReady":0.7,"workerFetchStart":0.9,"workerRespondWithSettled":4}}}`,
		id, 1000.005+at.Seconds(), url, status, i, i%4, 1000+at.Seconds())
	done := fmt.Sprintf(`{"requestId":%q,"timestamp":%f,"encodedDataLength":%d}`, id, 1000.006+at.Seconds(), 100+i%999)
	return []inspector.Message{
		event(at, "T1", "Network.requestWillBeSent", sent),
		event(at+5*time.Millisecond, "T1", "Network.responseReceived", got),
		event(at+6*time.Millisecond, "T1", "Network.loadingFinished", done),
		{Time: start.Add(at + 7*time.Millisecond), Kind: inspector.KindReply, Instance: "b1", Context: "c1", Target: "T1", Method: "Network.getResponseBody",
			Params: jsonv2.Value(fmt.Sprintf(`{"requestId":%q}`, id)), Result: jsonv2.Value(fmt.Sprintf(`{"body":"body %d","base64Encoded":false}`, i%11))},
	}
}

func TestRoundTrip(t *testing.T) {
	ctx := context.Background()
	w := create(t)
	const n = 1200
	for i := range n {
		for _, m := range request(i) {
			must(t, w.Write(m))
		}
	}
	hash, err := w.Body([]byte("hello"))
	must(t, err)
	f := reopen(t, w)
	if f.Len() != 4*n {
		t.Errorf("%d messages, want %d", f.Len(), 4*n)
	}
	if b, err := f.Body(ctx, hash); err != nil || string(b) != "hello" {
		t.Errorf("body %q, %v", b, err)
	}
	live := fetches.NewLog(fetches.Options{})
	seq := 0
	for m, err := range f.Messages(ctx, time.Time{}) {
		must(t, err)
		if want := request(seq / 4)[seq%4]; !m.Time.Equal(want.Time) || m.Method != want.Method || m.Target != want.Target {
			t.Fatalf("message %d is %v", seq, m)
		}
		seq++
		live.Apply(m, nil)
	}
	if seq != 4*n {
		t.Fatalf("%d messages, want %d", seq, 4*n)
	}
	sameTables(t, live, f.Fetches())
}

// sameTables asks both tables the same and compares the answers.
func sameTables(t *testing.T, want, got fetches.Table) {
	t.Helper()
	ctx := context.Background()
	for i, q := range []string{
		"", "hero", "products/7", "-POST", "status:404", "status:>=300 method:post", "is:intercepted", "cache:images-v2", "url:*v=3",
		"-url:*v=3 cache:images-v1,images-v3", "took:>1", "size:>500", "header:etag", `header:"etag: \"e77\""`, "-header:x-request", "has:body", "is:redirect",
		"decision:=responded", "id:4001.1500", "page:page/3", "nothing-of-that", "version:", "client:T1",
	} {
		for k, sort := range []string{"", "-time", "url", "-url", "status", "-size", "took", "decision", "-method"} {
			if (i+k)%3 != 0 { // every order with every third query: all of them take too long
				continue
			}
			for _, from := range []int{0, 777} {
				compareRows(t, ctx, want, got, q, sort, from)
			}
		}
	}
}

func compareRows(t *testing.T, ctx context.Context, want, got fetches.Table, q, sort string, from int) {
	t.Helper()
	a, am, at, err := want.Rows(ctx, q, sort, from, 40)
	must(t, err)
	b, bm, bt, err := got.Rows(ctx, q, sort, from, 40)
	must(t, err)
	if am != bm || at != bt || len(a) != len(b) {
		t.Errorf("%q by %q from %d: %d of %d (%d), want %d of %d (%d)", q, sort, from, bm, bt, len(b), am, at, len(a))
		return
	}
	for i := range a {
		if fmt.Sprintf("%+v", *a[i]) != fmt.Sprintf("%+v", *b[i]) {
			t.Errorf("%q by %q from %d, row %d:\n got %+v\nwant %+v", q, sort, from, i, *b[i], *a[i])
			return
		}
	}
}
