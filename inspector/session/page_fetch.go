package session

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// fetchInit is FetchInit of swinspect.d.ts.
type fetchInit struct {
	Method      string          `json:"method,omitempty"`
	Headers     json.RawMessage `json:"headers,omitempty"`
	Mode        string          `json:"mode,omitempty"`
	Credentials string          `json:"credentials,omitempty"`
	Cache       string          `json:"cache,omitempty"`
	Redirect    string          `json:"redirect,omitempty"`
	Referrer    string          `json:"referrer,omitempty"`
	Integrity   string          `json:"integrity,omitempty"`
	Keepalive   bool            `json:"keepalive,omitempty"`
	Navigation  bool            `json:"navigation,omitempty"` // of dispatch
	body        []byte          // nil: none
	headers     [][2]string     // as read
}

// fetchInit reads an argument that is one. The body may be bytes, which JSON cannot hold.
func (c *call) fetchInit(i int) *fetchInit {
	init := &fetchInit{}
	o, ok := c.arg(i).(*goja.Object)
	if !ok {
		c.options(i, init)
		return init
	}
	plain := c.f.rt.NewObject()
	for _, key := range o.Keys() {
		if key == "body" {
			init.body = c.bytes(o.Get(key))
			continue
		}
		must(plain.Set(key, o.Get(key)))
	}
	c.decode(plain, "options", init)
	headers, err := readHeaders(init.Headers)
	if err != nil {
		c.fail("%v", err)
	}
	init.headers = headers
	return init
}

// bytes are those of text, of an ArrayBuffer or a view; nil for undefined and null.
func (c *call) bytes(v goja.Value) []byte {
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		return nil
	}
	switch x := v.Export().(type) {
	case string:
		return []byte(x)
	case goja.ArrayBuffer:
		return slices.Clone(x.Bytes())
	case []byte:
		return slices.Clone(x)
	}
	if o, ok := v.(*goja.Object); ok {
		if buffer, ok := o.Get("buffer").Export().(goja.ArrayBuffer); ok {
			from, n := o.Get("byteOffset").ToInteger(), o.Get("byteLength").ToInteger()
			return slices.Clone(buffer.Bytes()[from : from+n])
		}
	}
	c.fail("a body is text or bytes, not %s", c.f.shown(v))
	return nil
}

// readHeaders reads HeadersInit.
func readHeaders(data json.RawMessage) ([][2]string, error) {
	if len(data) == 0 || string(data) == "null" {
		return nil, nil
	}
	var list [][2]string
	if json.Unmarshal(data, &list) == nil {
		return list, nil
	}
	var fields map[string]string
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, errors.New("headers are an object of strings, or a list of [name, value]")
	}
	for _, name := range sortedKeys(fields) {
		list = append(list, [2]string{name, fields[name]})
	}
	return list, nil
}

// fetched is FetchResult and CachedResponse of swinspect.d.ts.
type fetched struct {
	OK         bool              `json:"ok"`
	Status     int64             `json:"status"`
	StatusText string            `json:"statusText"`
	URL        string            `json:"url"`
	Type       string            `json:"type"`
	Redirected bool              `json:"redirected"`
	Headers    map[string]string `json:"headers"`
	Source     string            `json:"source"`
	Cache      string            `json:"cache,omitempty"`
	body       []byte
	cached     bool
}

const fetchScript = `async (url, init, body) => {
	if (body !== null) init.body = Uint8Array.from(atob(body), c => c.charCodeAt(0));
	const r = await fetch(url, init);
	const bytes = new Uint8Array(await r.arrayBuffer());
	let text = '';
	for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
	return {ok: r.ok, status: r.status, statusText: r.statusText, url: r.url, type: r.type, redirected: r.redirected, headers: Object.fromEntries(r.headers), body: btoa(text), asked: new URL(url, document.baseURI).href};
}`

func (p *page) fetch(ctx context.Context, ref string, init *fetchInit) (*fetched, error) {
	options, err := json.Marshal(init)
	if err != nil {
		return nil, err
	}
	url, err := json.Marshal(ref)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(encodeBody(init.body))
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	before := p.loads.answered
	p.mu.Unlock()
	data, err := p.evaluate(ctx, fmt.Sprintf("(%s)(%s, %s, %s)", fetchScript, url, options, body))
	if err != nil {
		return nil, err
	}
	var got struct {
		fetched
		Body  string
		Asked string
	}
	if err := json.Unmarshal(data, &got); err != nil {
		return nil, err
	}
	r := got.fetched
	if r.body, err = base64.StdEncoding.DecodeString(got.Body); err != nil {
		return nil, err
	}
	r.Source = "unknown"
	// The page's events come beside the answer of its script.
	soon, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	_ = p.await(soon, func(l *loads) bool { // it stays unknown
		for _, u := range []string{r.URL, got.Asked} {
			if a := l.byURL[u]; a != nil && a.seq > before {
				r.Source = a.source
				return true
			}
		}
		return false
	})
	return &r, nil
}

func (r *fetched) class() *class {
	if r.cached {
		return cachedClass
	}
	return fetchedClass
}

func (r *fetched) String() string {
	return strings.TrimSpace(fmt.Sprintf("Response %d %s %s", r.Status, r.StatusText, r.URL))
}

func fetchedField(get func(*fetched) any) func(*call) goja.Value {
	return func(c *call) goja.Value { return c.f.value(get(c.this.(*fetched))) }
}

var fetchedClass = &class{
	name: "FetchResult", word: "response", plain: true,
	getters: map[string]func(*call) goja.Value{
		"ok":         fetchedField(func(r *fetched) any { return r.OK }),
		"status":     fetchedField(func(r *fetched) any { return r.Status }),
		"statusText": fetchedField(func(r *fetched) any { return r.StatusText }),
		"url":        fetchedField(func(r *fetched) any { return r.URL }),
		"type":       fetchedField(func(r *fetched) any { return r.Type }),
		"redirected": fetchedField(func(r *fetched) any { return r.Redirected }),
		"headers":    fetchedField(func(r *fetched) any { return r.Headers }),
		"source":     fetchedField(func(r *fetched) any { return r.Source }),
	},
	methods: map[string]func(*call) goja.Value{
		"text": fetchedField(func(r *fetched) any { return string(r.body) }),
		"json": func(c *call) goja.Value {
			r := c.this.(*fetched)
			if !json.Valid(r.body) {
				c.fail("the body is no JSON: %s", shortened(string(r.body), 100))
			}
			return c.f.fromJSON(r.body)
		},
		"bytes": fetchedField(func(r *fetched) any { return slices.Clone(r.body) }),
	},
}

var cachedClass = &class{
	name: "CachedResponse", word: "response", plain: true, parent: fetchedClass,
	getters: map[string]func(*call) goja.Value{"cache": fetchedField(func(r *fetched) any { return r.Cache })},
}
