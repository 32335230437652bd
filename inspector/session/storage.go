package session

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/cdp/swproto"
	"github.com/swinspect/swinspect/inspector"
)

// cacheStorage is CacheStorage of swinspect.d.ts: that of one origin.
type cacheStorage struct {
	context *browserContext
	from    string              // the origin
	caches  map[string]*cacheOf // of the loop
}

// cacheOf is Cache of swinspect.d.ts.
type cacheOf struct {
	s    *cacheStorage
	name string
}

func (s *cacheStorage) class() *class  { return storageClass }
func (s *cacheStorage) String() string { return "CacheStorage " + s.from }
func (k *cacheOf) class() *class       { return cacheClass }
func (k *cacheOf) String() string      { return "Cache '" + k.name + "'" }

// storage is the handle of an origin's caches, the same one each time.
func (c *browserContext) storage(origin string) *cacheStorage {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stores[origin]
	if s == nil {
		s = &cacheStorage{context: c, from: origin, caches: map[string]*cacheOf{}}
		if c.stores == nil {
			c.stores = map[string]*cacheStorage{}
		}
		c.stores[origin] = s
	}
	return s
}

// cache is the handle of a cache, the same one each time; on the loop.
func (s *cacheStorage) cache(name string) *cacheOf {
	k := s.caches[name]
	if k == nil {
		k = &cacheOf{s, name}
		s.caches[name] = k
	}
	return k
}

func (s *cacheStorage) ref() inspector.StorageRef { return s.context.storageRef(s.from) }

func (k *cacheOf) ref() inspector.CacheRef {
	return inspector.CacheRef{StorageRef: k.s.ref(), Name: k.name}
}

// names are the caches' names, in the order of CacheStorage.keys().
func (s *cacheStorage) names(ctx context.Context) ([]string, error) {
	if s.from == "" {
		return nil, errors.New("there is no site whose caches could be meant: name the origin with cachesOf(origin)")
	}
	if t := s.context.taped; t != nil {
		return t.cacheNames(ctx, s)
	}
	st, err := s.context.o.browser.Caches(ctx, s.ref(), true)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, k := range st.Caches {
		names = append(names, k.Name)
	}
	return names, nil
}

// entries are those of the cache; none when there is no such cache.
func (k *cacheOf) entries(ctx context.Context) ([]inspector.CacheEntry, error) {
	names, err := k.s.names(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(names, k.name) {
		return nil, nil
	}
	if t := k.s.context.taped; t != nil {
		kept, err := t.cache(ctx, k)
		if err != nil || kept == nil {
			return nil, err
		}
		return kept.CacheEntries(), nil
	}
	l, err := k.s.context.o.browser.Entries(ctx, k.ref(), true)
	if errors.Is(err, inspector.ErrNoCache) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if l.TooBig {
		return nil, fmt.Errorf("the cache %q is too large to be listed", k.name)
	}
	return l.Entries, nil
}

// cacheRequest is RequestLike of swinspect.d.ts.
type cacheRequest struct {
	URL     string          `json:"url"`
	Method  string          `json:"method"`
	Headers json.RawMessage `json:"headers"`
	headers [][2]string
}

func (c *call) request(i int, from *browserContext) cacheRequest {
	var q cacheRequest
	if text, ok := c.arg(i).Export().(string); ok {
		q.URL = text
	} else {
		if _, ok := c.arg(i).(*goja.Object); !ok {
			c.fail("a request is a URL or {url, method, headers}, not %s", c.f.shown(c.arg(i)))
		}
		c.options(i, &q)
	}
	var err error
	if q.headers, err = readHeaders(q.Headers); err == nil {
		q.URL, err = from.resolve(q.URL)
	}
	if err != nil {
		c.fail("%v", err)
	}
	return q
}

func (q *cacheRequest) asked() inspector.MatchRequest {
	m := inspector.MatchRequest{Method: q.Method, URL: q.URL}
	for _, h := range q.headers {
		m.Headers = append(m.Headers, inspector.Header{Name: h[0], Value: h[1]})
	}
	return m
}

// matchOptions is MatchOptions of swinspect.d.ts.
type matchOptions struct {
	IgnoreSearch bool `json:"ignoreSearch"`
	IgnoreMethod bool `json:"ignoreMethod"`
	IgnoreVary   bool `json:"ignoreVary"`
}

// match finds the entry that answers a request; nil for none.
func (k *cacheOf) match(ctx context.Context, q cacheRequest, o matchOptions) (*fetched, error) {
	entries, err := k.entries(ctx)
	if err != nil {
		return nil, err
	}
	m := inspector.MatchCache(entries, q.asked(), inspector.MatchOptions(o))
	if m.First < 0 {
		return nil, nil
	}
	e := entries[m.First]
	body, err := k.body(ctx, m.First, &e)
	if err != nil {
		return nil, fmt.Errorf("the body of %s: %w", e.URL, err)
	}
	return &fetched{
		OK: e.Status >= 200 && e.Status < 300, Status: int64(e.Status), StatusText: e.StatusText, URL: e.URL, Type: e.Type,
		Headers: headerMap(e.ResponseHeaders), Source: "cache", Cache: k.name, body: body, cached: true,
	}, nil
}

// body is that of an entry.
func (k *cacheOf) body(ctx context.Context, i int, e *inspector.CacheEntry) ([]byte, error) {
	if t := k.s.context.taped; t != nil {
		kept, err := t.cache(ctx, k)
		if err != nil {
			return nil, err
		}
		if hash := kept.Entries[i].BodyHash; hash != "" {
			return t.still.Body(ctx, hash)
		}
		return nil, errors.New("it was not recorded")
	}
	b, err := k.s.context.o.browser.Body(ctx, k.ref(), e.URL, e.RequestHeaders, 64<<20)
	if err != nil {
		return nil, err
	}
	return b.Data, nil
}

func headerMap(list []inspector.Header) map[string]string {
	m := map[string]string{}
	for _, h := range list {
		name := strings.ToLower(h.Name)
		if old, ok := m[name]; ok {
			m[name] = old + ", " + h.Value
			continue
		}
		m[name] = h.Value
	}
	return m
}

// explanation is CacheExplanation of swinspect.d.ts.
type explanation struct {
	Cache      string      `json:"cache"`
	Matched    bool        `json:"matched"`
	Why        string      `json:"why"`
	Hint       string      `json:"hint"`
	Candidates []candidate `json:"candidates"`
}

type candidate struct {
	URL     string `json:"url"`
	Result  string `json:"result"`
	Step    string `json:"step"`
	Why     string `json:"why"`
	Header  string `json:"header"`
	Request string `json:"request"`
	Stored  string `json:"stored"`
}

func (k *cacheOf) explain(ctx context.Context, q cacheRequest, o matchOptions) (explanation, error) {
	entries, err := k.entries(ctx)
	if err != nil {
		return explanation{}, err
	}
	m := inspector.MatchCache(entries, q.asked(), inspector.MatchOptions(o))
	x := explanation{Cache: k.name, Matched: m.First >= 0, Why: m.Verdict, Hint: m.Hint, Candidates: []candidate{}}
	for _, c := range m.Candidates {
		row := candidate{URL: c.Entry.URL, Result: string(c.Result)}
		for _, s := range []struct {
			name string
			step inspector.MatchStep
		}{{"method", c.Method}, {"url", c.URL}, {"search", c.Search}, {"vary", c.Vary}} {
			if s.step.Result == "" || s.step.Result == inspector.Pass {
				continue
			}
			row.Step, row.Why, row.Header = s.name, s.step.Detail, s.step.Field
			row.Request, row.Stored = s.step.Query, s.step.Entry
			if s.name == "vary" && s.step.Field != "" {
				row.Request, row.Stored = s.step.Asked, s.step.Kept
			}
			break
		}
		x.Candidates = append(x.Candidates, row)
	}
	return x, nil
}

// putScript puts an entry from within a document of the origin.
const putScript = `(async (name, url, method, requestHeaders, status, statusText, headers, body) => {
	const cache = await caches.open(name);
	const bytes = Uint8Array.from(atob(body), c => c.charCodeAt(0));
	await cache.put(new Request(url, {method, headers: requestHeaders}), new Response(bytes, {status, statusText, headers}));
})(%s)`

// put puts an entry into the cache, which is made when it is not there.
func (k *cacheOf) put(ctx context.Context, q cacheRequest, r *response) error {
	c := k.s.context
	if c.o.traces && c.taped == nil {
		control, err := c.control()
		if err != nil {
			return err
		}
		p := swproto.PutCacheEntryParams{
			StorageKey: k.s.ref().StorageKey, CacheName: k.name, RequestURL: q.URL, Status: int64(r.status), StatusText: r.text,
			Body: base64.StdEncoding.EncodeToString(r.body), RequestHeaders: protoHeaders(q.headers), ResponseHeaders: protoHeaders(r.headers),
		}
		_, err = cdproto.Call(ctx, control, swproto.PutCacheEntry, p)
		return err
	}
	method := q.Method
	if method == "" {
		method = "GET"
	}
	args, err := json.Marshal([]any{k.name, q.URL, method, pairs(q.headers), r.status, r.text, pairs(r.headers), base64.StdEncoding.EncodeToString(r.body)})
	if err != nil {
		return err
	}
	return c.inOrigin(ctx, k.s.from, func(p *page) error {
		_, err := p.evaluate(ctx, fmt.Sprintf(putScript, strings.Trim(string(args), "[]")))
		return err
	})
}

func pairs(headers [][2]string) [][2]string {
	if headers == nil {
		return [][2]string{}
	}
	return headers
}

func protoHeaders(headers [][2]string) []swproto.Header {
	var all []swproto.Header
	for _, h := range headers {
		all = append(all, swproto.Header{Name: h[0], Value: h[1]})
	}
	return all
}

// inOrigin does something in a document of an origin: in a page that is open, else in
// one that is opened for it.
func (c *browserContext) inOrigin(ctx context.Context, origin string, do func(*page) error) error {
	if c.taped != nil {
		return c.notLive("changing a cache")
	}
	if p := c.pageOf(origin); p != nil {
		return do(p)
	}
	p, err := c.openPage(ctx, "")
	if err != nil {
		return err
	}
	defer func() { _ = p.closeAndForget(context.WithoutCancel(ctx)) }() // the context closes it otherwise
	if _, err := p.navigate(ctx, origin+"/", "load"); err != nil {
		return fmt.Errorf("opening a document of %s: %w", origin, err)
	}
	return do(p)
}

// remove deletes an entry; false when there is none.
func (k *cacheOf) remove(ctx context.Context, q cacheRequest) (bool, error) {
	entries, err := k.entries(ctx)
	if err != nil || len(entries) == 0 {
		return false, err
	}
	m := inspector.MatchCache(entries, q.asked(), inspector.MatchOptions{})
	if m.First < 0 {
		return false, nil
	}
	_, err = k.s.context.act(ctx, inspector.Action{Kind: inspector.DeleteEntry, Cache: k.ref(), URL: entries[m.First].URL})
	return err == nil, err
}
