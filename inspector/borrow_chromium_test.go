package inspector

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/swinspect/swinspect/cdp"
)

// older is the way to a browser that does not know hidden targets: like one from
// before 2025 it ignores the parameter and opens a tab.
type older struct{ cdp.Transport }

func (o older) Write(ctx context.Context, b []byte) error {
	return o.Transport.Write(ctx, bytes.ReplaceAll(b, []byte(`,"hidden":true`), nil))
}

// A browser without hidden targets is watched through a page that is open, which
// is neither navigated nor closed, and a page that leaves is replaced.
func TestChromiumWithoutHiddenTargets(t *testing.T) {
	w := inOwn(t)
	first := w.open(t, "simple")
	hub := NewHub(HubOptions{Logger: testLogger(t)})
	defer func() { _ = hub.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	b, err := hub.Attach(ctx, AttachOptions{Name: "older", Dial: func(ctx context.Context) (cdp.Transport, cdp.Endpoint, error) {
		tr, err := w.Process.Transport(ctx)
		return older{tr}, w.Process.Endpoint(), err
	}})
	if err != nil {
		t.Fatal(err)
	}
	w.b = b
	r := w.registered(t, w.scope("simple"))
	if c := b.State().Context(r.Key.Instance, r.Key.Context); c.Problem != "" {
		t.Errorf("problem %q", c.Problem)
	}
	first.Reload(t)
	w.until(t, "the page is seen as a client", func(s *State) bool {
		return slices.ContainsFunc(s.Clients(s.Registration(r.Key)), func(c Client) bool { return c.Target.Key.ID == first.ID && c.Version != nil })
	})
	ref := w.storage(t, "simple")
	if st, err := b.Caches(ctx, ref, false); err != nil || len(st.Caches) != 1 {
		t.Errorf("caches through an open page: %+v %v", st, err)
	}
	w.do(t, Confirmed, Action{Kind: Push, Registration: r.Key, Data: "x"})
	pages := func() (n int) {
		for _, target := range w.Targets(t) {
			if target.Type == "page" {
				n++
			}
		}
		return n
	}
	if n := pages(); n != 2 {
		t.Errorf("%d tabs, one of them ours", n)
	}
	second := w.Open(t, w.site.URL(1, "claim"))
	first.Close(t)
	w.registered(t, w.site.Scope(1, "claim"))
	// The session went with the first page; another is made in a moment.
	var receipt Receipt
	for range 100 {
		receipt, err = b.Do(ctx, Action{Kind: Stop, Registration: live(b.State(), w.site.Scope(1, "claim")).Key}, 0)
		if err == nil && receipt.Outcome == Confirmed {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if receipt.Outcome != Confirmed {
		t.Errorf("through another page: %+v %v", receipt, err)
	}
	second.Close(t)
}
