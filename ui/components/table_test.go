package components

import (
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

func TestAddressKeepsWhatItDoesNotChange(t *testing.T) {
	u, err := url.Parse("/b/1/r/x%2Fy/caches?cache=a%26b&sort=-size&from=100")
	if err != nil {
		t.Fatal(err)
	}
	a := AddressOf(u)
	for _, tc := range []struct {
		got, want string
	}{
		{string(a.With("from", "")), "/b/1/r/x%2Fy/caches?cache=a%26b&sort=-size"},
		{string(a.With("entry", "https://a/?q#f", "from", "")), "/b/1/r/x%2Fy/caches?cache=a%26b&entry=https%3A%2F%2Fa%2F%3Fq%23f&sort=-size"},
		{string(Address{Path: "/x"}.With("a", "")), "/x"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %s, want %s", tc.got, tc.want)
		}
	}
	if a.Query.Get("from") != "100" {
		t.Error("With changed the address itself")
	}
	if keep := a.Keep("from", "sort"); len(keep) != 1 || keep[0] != (Param{"cache", "a&b"}) {
		t.Errorf("kept %v", keep)
	}
}

func TestSortLinksTurnRound(t *testing.T) {
	size := Column{Key: "size", First: "-size"}
	h := TableHead{Address: Address{Path: "/t", Query: url.Values{"from": {"9"}}}, Default: Sort{Key: "n"}, Sort: Sort{Key: "n"}}
	if got := h.link(size); got != "/t?sort=-size" {
		t.Errorf("first click: %s", got)
	}
	h.Sort = Sort{Key: "size", Desc: true}
	if got, aria := h.link(size), h.aria(size); got != "/t?sort=size" || aria != "descending" {
		t.Errorf("second click: %s, aria-sort %s", got, aria)
	}
	if got := h.link(Column{Key: "n"}); got != "/t" {
		t.Errorf("the default order is in the address: %s", got)
	}
}

func TestWindows(t *testing.T) {
	for _, tc := range []struct{ from, total, wantFrom, wantTo int }{
		{0, 0, 0, 0}, {0, 30, 0, 30}, {100, 250, 100, 200}, {200, 250, 200, 250}, {900, 250, 200, 250}, {-5, 250, 0, 100},
	} {
		if w := WindowAt(tc.from, 100, tc.total); w.From != tc.wantFrom || w.To != tc.wantTo {
			t.Errorf("at %d of %d: %d to %d", tc.from, tc.total, w.From, w.To)
		}
	}
}

func TestCanonicalAddsATermOnce(t *testing.T) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/t?filter=a&filter.add=+b+&sort=n", nil)
	if !Canonical(w, r, "filter") || w.Header().Get("Location") != "/t?filter=a+b&sort=n" {
		t.Errorf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	if Canonical(httptest.NewRecorder(), httptest.NewRequest("GET", "/t?filter=a+b", nil), "filter") {
		t.Error("an address without an added term moved")
	}
	live := httptest.NewRequest("GET", "/t?filter.add=b", nil)
	live = live.WithContext(WithFragments(live.Context(), &Fragments{}))
	if Canonical(httptest.NewRecorder(), live, "filter") {
		t.Error("the stream moved while a term is typed")
	}
}

func TestTicksAreRoundAndFew(t *testing.T) {
	start := time.Date(2026, 11, 20, 14, 2, 17, 0, time.UTC)
	for span, step := range map[time.Duration]time.Duration{
		time.Second: 200 * time.Millisecond, 20 * time.Minute: 5 * time.Minute, 90 * time.Second: 10 * time.Second, 30 * 24 * time.Hour: 7 * 24 * time.Hour,
	} {
		ticks := Axis{start, start.Add(span)}.Ticks()
		if len(ticks) == 0 || len(ticks) > maxTicks {
			t.Errorf("%v (steps of about %v): %d ticks", span, step, len(ticks))
		}
		for _, tick := range ticks {
			if tick.Label == "" {
				t.Errorf("%v: a tick without a label", span)
			}
		}
	}
}
