package cache

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swinspect/swinspect/runtime/clock"
	"github.com/swinspect/swinspect/runtime/fetch"
)

func req(url string, headers ...string) *fetch.Request {
	r := fetch.NewRequest(fetch.MustParseURL(url))
	for i := 0; i < len(headers); i += 2 {
		r.Headers.Append(headers[i], headers[i+1])
	}
	return r
}

func resp(body string, headers ...string) *fetch.Response {
	r := &fetch.Response{Type: "default", Status: 200, Body: fetch.BytesBody([]byte(body))}
	for i := 0; i < len(headers); i += 2 {
		r.Headers.Append(headers[i], headers[i+1])
	}
	return r
}

func open(t testing.TB, s *Storage, name string) *Cache {
	t.Helper()
	c, err := s.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// bodies are those of all responses, in order.
func bodies(rs []*fetch.Response) string {
	var list []string
	for _, r := range rs {
		b, _ := r.Unfiltered().Body.Bytes()
		list = append(list, string(b))
	}
	return strings.Join(list, ",")
}

func TestQuery(t *testing.T) {
	c := open(t, NewStorage(Options{}), "c")
	for i, r := range []*fetch.Request{
		req("https://a/x"), req("https://a/x?1"), req("https://a/x?2"), req("https://a/y", "q", "1"), req("https://a/y", "q", "2"), req("https://a/x?"),
	} {
		if err := c.Put(r, resp(fmt.Sprint(i), "Vary", " Q ,")); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range []struct {
		r    *fetch.Request
		o    QueryOptions
		want string
	}{
		{nil, QueryOptions{}, "0,1,2,3,4,5"},
		{req("https://a/x#frag"), QueryOptions{}, "0"},
		{req("https://a/x?1"), QueryOptions{}, "1"},
		{req("https://a/x?"), QueryOptions{}, "5"},
		{req("https://a/x?9"), QueryOptions{}, ""},
		{req("https://a/x?9"), QueryOptions{IgnoreSearch: true}, "0,1,2,5"},
		{req("https://a/y", "Q", "2"), QueryOptions{}, "4"},
		{req("https://a/y"), QueryOptions{}, ""},
		{req("https://a/y"), QueryOptions{IgnoreVary: true}, "3,4"},
		{req("http://a/x"), QueryOptions{IgnoreSearch: true}, ""},
	} {
		if got := bodies(c.MatchAll(q.r, q.o)); got != q.want {
			t.Errorf("%v %+v: %q, want %q", q.r, q.o, got, q.want)
		}
	}
	if got := len(c.Keys(nil, QueryOptions{})); got != 6 {
		t.Error(got)
	}
}

// A put takes the place of what it matches, at the end of the list.
func TestPutReplaces(t *testing.T) {
	c := open(t, NewStorage(Options{}), "c")
	for i, u := range []string{"https://a/1", "https://a/2", "https://a/1#x"} {
		if err := c.Put(req(u), resp(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if got := bodies(c.MatchAll(nil, QueryOptions{})); got != "1,2" || c.Len() != 2 {
		t.Error(got, c.Len())
	}
}

type granted int64

func (g *granted) Reserve(delta int64) bool {
	if int64(*g) < delta {
		return false
	}
	*g -= granted(delta)
	return true
}

func TestBatchRollsBack(t *testing.T) {
	limit := granted(5000)
	s := NewStorage(Options{Quota: &limit})
	c := open(t, s, "c")
	for _, u := range []string{"1", "2", "3"} {
		if err := c.Put(req("https://a/"+u), resp(u)); err != nil {
			t.Fatal(err)
		}
	}
	usage, left := s.Usage(), limit
	put := func(u, body string) Operation { return Operation{Type: "put", Request: req(u), Response: resp(body)} }
	var e *Error
	for name, b := range map[string]struct {
		operations []Operation
		ok         func(error) bool
	}{
		"duplicate":  {[]Operation{put("https://a/2", "x"), put("https://a/4", "x"), put("https://a/2#f", "y")}, func(err error) bool { return errors.As(err, &e) && e.Name == "InvalidStateError" }},
		"quota":      {[]Operation{put("https://a/1", "x"), put("https://a/9", strings.Repeat("y", 9000))}, func(err error) bool { return errors.Is(err, ErrQuotaExceeded) }},
		"scheme":     {[]Operation{put("https://a/3", "x"), put("data:,x", "")}, func(err error) bool { return errors.As(err, &e) && e.Name == "TypeError" }},
		"delete all": {[]Operation{{Type: "delete", Request: req("https://a/1"), Options: &QueryOptions{}}, put("https://a/5", "x"), {Type: "burn", Request: req("https://a/1")}}, func(err error) bool { return errors.As(err, &e) && e.Name == "TypeError" }},
		"response":   {[]Operation{{Type: "delete", Request: req("https://a/1"), Response: resp("")}}, func(err error) bool { return errors.As(err, &e) && e.Name == "TypeError" }},
	} {
		if _, err := c.Batch(b.operations...); !b.ok(err) {
			t.Error(name, err)
		}
		if got := bodies(c.MatchAll(nil, QueryOptions{})); got != "1,2,3" || s.Usage() != usage || limit != left {
			t.Errorf("%s: %s, usage %d not %d, %d left not %d", name, got, s.Usage(), usage, limit, left)
		}
		for _, u := range []string{"1", "2", "3"} {
			if r := c.Match(req("https://a/"+u), QueryOptions{}); r == nil || bodies([]*fetch.Response{r}) != u {
				t.Error(name, u, "lost from the index")
			}
		}
	}
	s.Delete("c")
	if s.Usage() != 0 || limit != 5000 {
		t.Error(s.Usage(), limit)
	}
	if err := c.Put(req("https://a/7"), resp("7")); err != nil || s.Usage() != 0 {
		t.Error("a detached cache counts", err, s.Usage())
	}
}

// Random operations against a plain list that follows the specification literally.
func TestAgainstPlainList(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		c := open(t, NewStorage(Options{}), "c")
		var plain []Entry
		remove := func(q *fetch.Request, o QueryOptions) int {
			kept := []Entry{}
			for _, e := range plain {
				if matched, _ := RequestMatchesCachedItem(q, e.Request, e.Response, o); !matched {
					kept = append(kept, e)
				}
			}
			n := len(plain) - len(kept)
			plain = kept
			return n
		}
		for step := range 60 {
			q := req(fmt.Sprintf("https://a/%d?%d", r.IntN(3), r.IntN(3)), "v", fmt.Sprint(r.IntN(2)))
			if r.IntN(3) > 0 {
				answer := resp(fmt.Sprint(step))
				if r.IntN(2) == 0 {
					answer.Headers.Append("Vary", "v")
				}
				remove(q, QueryOptions{})
				plain = append(plain, Entry{Request: q, Response: answer})
				if err := c.Put(q, answer); err != nil {
					t.Fatal(err)
				}
			} else {
				o := QueryOptions{IgnoreSearch: r.IntN(2) == 0, IgnoreVary: r.IntN(2) == 0}
				if got, want := c.Delete(q, o), remove(q, o) > 0; got != want {
					t.Fatal("delete", got, want)
				}
			}
			want := make([]*fetch.Response, len(plain))
			for i, e := range plain {
				want[i] = e.Response
			}
			if got := bodies(c.MatchAll(nil, QueryOptions{})); got != bodies(want) || c.Len() != len(plain) {
				t.Fatalf("%s, want %s", got, bodies(want))
			}
		}
	}
}

func TestLookupIsExplained(t *testing.T) {
	s := NewStorage(Options{})
	var seen []Lookup
	s.OnLookup = func(l Lookup) { seen = append(seen, l) }
	c := open(t, s, "c")
	_ = c.Put(req("https://a/x?1", "q", "1"), resp("", "Vary", "q"))
	c.Match(req("https://a/x?2"), QueryOptions{})
	c.Match(req("https://a/x?1"), QueryOptions{})
	c.Match(req("https://a/x?1", "q", "1"), QueryOptions{})
	want := [][]Candidate{
		{{"https://a/x?1", false, Rejection{"5", "search", "the queries differ; ignoreSearch would match", "", "?2", "?1"}}},
		{{"https://a/x?1", false, Rejection{"8.1", "vary", `it varies on q: cached with "1", asked with none`, "q", "(none)", "1"}}},
		{{"https://a/x?1", true, Rejection{}}},
	}
	for i, w := range want {
		if i >= len(seen) || !reflect.DeepEqual(seen[i].Candidates, w) || seen[i].Hit() != (i == 2) {
			t.Errorf("lookup %d: %+v", i, seen)
		}
	}
}

func TestPersistence(t *testing.T) {
	now := clock.NewVirtual(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	s := NewStorage(Options{Clock: now})
	c := open(t, s, "one")
	inner := resp("secret", "Set-Cookie", "a=b", "X", "y")
	inner.URLList = []*fetch.URL{fetch.MustParseURL("https://b/r")}
	_ = c.Put(req("https://a/opaque"), fetch.FilterOpaque(inner))
	_ = c.Put(req("https://a/basic", "h", "v"), fetch.FilterBasic(inner))
	_ = c.Put(req("https://a/null"), &fetch.Response{Type: "default", Status: 204})
	open(t, s, "\xed\xa0\x80")
	data, err := json.Marshal(s.Save())
	if err != nil {
		t.Fatal(err)
	}
	var saved Saved
	if err := json.Unmarshal(data, &saved); err != nil {
		t.Fatal(err)
	}
	back := NewStorage(Options{})
	if err := back.Restore(saved); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back.Keys(), s.Keys()) || back.Usage() != s.Usage() {
		t.Error(back.Keys(), back.Usage(), s.Usage())
	}
	again, _ := json.Marshal(back.Save())
	if string(again) != string(data) {
		t.Errorf("%s\n%s", data, again)
	}
	if r := open(t, back, "one").Match(req("https://a/opaque"), QueryOptions{}); r.Type != "opaque" || r.Status != 0 || r.Body != nil || bodies([]*fetch.Response{r}) != "secret" {
		t.Errorf("%+v", r)
	}
}

func TestConcurrentUse(t *testing.T) {
	s := NewStorage(Options{})
	var wait sync.WaitGroup
	for g := range 8 {
		wait.Go(func() {
			for i := range 200 {
				c, _ := s.Open(fmt.Sprint(i % 3))
				q := req(fmt.Sprintf("https://a/%d", i%7))
				_ = c.Put(q, resp(fmt.Sprint(g)))
				if r := c.Match(q, QueryOptions{}); r != nil {
					r.Headers.Append("mine", "1")
				}
				c.Delete(q, QueryOptions{})
				s.Match(q, QueryOptions{IgnoreSearch: true}, nil)
				if i%50 == 0 {
					s.Delete(fmt.Sprint(i % 3))
				}
			}
		})
	}
	wait.Wait()
}

// 100,000 entries: put, match, keys and delete, with one path for all of them, which
// is the worst case of the index.
func BenchmarkLargeCache(b *testing.B) {
	const n = 100_000
	requests := make([]*fetch.Request, n)
	for i := range requests {
		requests[i] = req(fmt.Sprintf("https://a/x?%d", i))
	}
	answer := resp("x")
	for b.Loop() {
		c := open(b, NewStorage(Options{}), "c")
		for _, r := range requests {
			if err := c.Put(r, answer); err != nil {
				b.Fatal(err)
			}
		}
		for _, r := range requests {
			if c.Match(r, QueryOptions{}) == nil {
				b.Fatal("lost")
			}
		}
		if len(c.Keys(nil, QueryOptions{})) != n {
			b.Fatal("keys")
		}
		for _, r := range requests {
			c.Delete(r, QueryOptions{})
		}
		if c.Len() != 0 || len(c.byPath) != 0 || len(c.byURL) != 0 {
			b.Fatal("not empty")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/entry")
}

// Matching never panics, and what was put under a URL is found under it.
func FuzzMatch(f *testing.F) {
	f.Add("https://a/b?c#d", "a", "1", "a, b", false, false)
	f.Add("https://a/?", "", "", "*", true, true)
	f.Fuzz(func(t *testing.T, url, name, value, vary string, search, ignoreVary bool) {
		u, err := fetch.ParseURL(url, nil)
		if err != nil || !u.IsHTTP() {
			return
		}
		q := fetch.NewRequest(u)
		q.Headers.Append(name, value)
		c := open(t, NewStorage(Options{}), "c")
		if err := c.Put(q, resp("x", "Vary", vary)); err != nil {
			t.Fatal(err)
		}
		o := QueryOptions{IgnoreSearch: search, IgnoreVary: ignoreVary}
		star := false
		for _, field := range VaryFields(resp("", "Vary", vary)) {
			star = star || field == "*"
		}
		if found := c.Match(q, o) != nil; found != (!star || ignoreVary) {
			t.Fatalf("found %v", found)
		}
		c.Delete(q, QueryOptions{IgnoreVary: true})
		if c.Len() != 0 {
			t.Fatal("not deleted")
		}
	})
}
