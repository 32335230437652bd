package components

import (
	"net/url"
	"testing"
	"time"

	"github.com/swinspect/swinspect/inspector"
)

// TestFieldsRoundTrip sends an action with every field set through a form.
func TestFieldsRoundTrip(t *testing.T) {
	ref := inspector.StorageRef{Instance: "i2", Context: "c2", StorageKey: "https://a.example/^0https://b.example", Bucket: "inbox"}
	want := inspector.Action{
		Kind: inspector.DeleteEntry, Registration: inspector.RegistrationKey{Instance: "i", Context: "c", ID: "7"},
		Version: "8", Client: "T", Context: "c", Data: "{\"a\":\n1}", Binary: true, Tag: "out & in", On: true,
		Cache: inspector.CacheRef{StorageRef: ref, Name: "v1 <shell>"}, URL: "https://a.example/?q=1", Storage: ref,
	}
	form := url.Values{}
	for _, f := range Fields(want) {
		form.Set(f.Name, f.Value)
	}
	if got := ParseAction(form.Get); got != want {
		t.Errorf("got %+v\nnot %+v", got, want)
	}
	if got := Fields(inspector.Action{Kind: inspector.Update}); len(got) != 1 {
		t.Errorf("empty fields are sent: %v", got)
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 ms", 214 * time.Millisecond: "214 ms", 1800 * time.Millisecond: "1.8 s", 5 * time.Second: "5 s",
		36 * time.Second: "36 s", 816 * time.Second: "13 min 36 s", 2 * time.Minute: "2 min", 125 * time.Minute: "2 h 5 min", 76 * time.Hour: "3 d 4 h",
	} {
		if got := Span(d); got != want {
			t.Errorf("%d: %q, not %q", d, got, want)
		}
	}
}

func TestBytesAndNumbers(t *testing.T) {
	for n, want := range map[float64]string{-1: "", 0: "0 B", 412: "412 B", 41_200: "41.2 kB", 999_600: "1.0 MB", 212_400_000: "212 MB", 9.6e9: "9.6 GB"} {
		if got := Bytes(n); got != want {
			t.Errorf("%g: %q, not %q", n, got, want)
		}
	}
	for n, want := range map[int]string{0: "0", 12: "12", 1284: "1,284", -1284: "-1,284", 10_000_000: "10,000,000"} {
		if got := Number(n); got != want {
			t.Errorf("%d: %q, not %q", n, got, want)
		}
	}
}

func TestHrefLeadsOnlyToSites(t *testing.T) {
	for raw, want := range map[string]string{
		"https://a.example/x?y#z": "https://a.example/x?y#z", "http://localhost:5173/": "http://localhost:5173/",
		"javascript:alert(1)": "", "JavaScript:alert(1)": "", " javascript:alert(1)": "", "data:text/html,x": "",
		"chrome-extension://abc/sw.js": "", "//evil.example": "", "https:": "", "blob:https://a.example/1": "",
	} {
		if got := Href(raw); got != want {
			t.Errorf("%q: %q", raw, got)
		}
	}
}

func TestSplitURL(t *testing.T) {
	for raw, want := range map[string][3]string{
		"https://a.example/basket": {"https://a.example", "", "/basket"},
		"https://a.example/a/long/path/that/must/be/cut?size=m&sort=price": {"https://a.example", "/a/long/path/that/mus", "t/be/cut?size=m&sort=price"[4:]},
		"not a url": {"", "", "not a url"},
	} {
		o, a, b := SplitURL(raw)
		if o+a+b != raw || o != want[0] {
			t.Errorf("%q: %q %q %q", raw, o, a, b)
		}
	}
}
