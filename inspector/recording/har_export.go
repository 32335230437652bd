package recording

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
)

// harTimeLayout is that of JavaScript's Date.toJSON, which DevTools writes.
const harTimeLayout = "2006-01-02T15:04:05.000Z"

// WriteHAR writes the requests of a recording as HAR 1.2, with the fields that
// DevTools adds for service workers and, in "_swinspect", what those have no name
// for. Entries are written as they end. A redacted recording makes a sanitised HAR.
func WriteHAR(ctx context.Context, f *File, w io.Writer) error {
	out := bufio.NewWriterSize(w, 64<<10)
	x := &exporter{
		ctx: ctx, f: f, out: out, open: map[exportKey]*exporting{}, targets: map[string]exportTarget{},
		log: fetches.NewLog(fetches.Options{Limit: 1 << 14}), state: new(inspector.State),
	}
	if err := x.run(); err != nil {
		return fmt.Errorf("recording: HAR of %s: %w", f.path, err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("recording: HAR of %s: %w", f.path, err)
	}
	return nil
}

// exporter folds messages into entries.
type exporter struct {
	ctx     context.Context
	f       *File
	out     *bufio.Writer
	open    map[exportKey]*exporting
	order   []*exporting // open or waiting for their body, by beginning
	targets map[string]exportTarget
	pages   []harPage
	page    map[string]string // page id by target
	log     *fetches.Log
	state   *inspector.State
	written int
	now     time.Time
}

type exportKey struct{ instance, target, id string }

type exportTarget struct{ kind, url string }

// exporting is an entry that is not written yet.
type exporting struct {
	key      exportKey
	hop      int
	e        harEntry
	sent     exportRequest
	got      *exportResponse
	ended    float64 // monotonic; 0: not yet
	endedAt  time.Time
	body     BodyRef
	hasBody  bool
	post     BodyRef
	extraIn  map[string]string
	extraOut map[string]string
	closed   bool // another hop took its id
	cached   bool // from the memory cache
}

// exportWait is how long an ended request waits for the reply with its body.
const exportWait = 30 * time.Second

func (x *exporter) run() error {
	if err := x.head(); err != nil {
		return err
	}
	for r, err := range x.f.records(x.ctx, 1, time.Time{}, classState, classNetwork) {
		if err != nil {
			return err
		}
		m := r.message()
		if classOf(&m) == classState {
			x.state, _ = inspector.Apply(x.state, m)
		}
		x.log.Apply(m, x.state)
		x.message(m)
		if m.Time.After(x.now) {
			x.now = m.Time
		}
		if len(x.order) > 256 {
			if err := x.flush(false); err != nil {
				return err
			}
		}
	}
	if err := x.flush(true); err != nil {
		return err
	}
	return x.foot()
}

func (x *exporter) head() error {
	program := cmpOr(x.f.meta.Program, "swinspect")
	name, version, _ := strings.Cut(program, " ")
	creator, err := cdp.Encode(object{"name": name, "version": version})
	if err != nil {
		return err
	}
	browserName, browserVersion, _ := strings.Cut(x.f.meta.Browser, "/")
	browser, err := cdp.Encode(object{"name": browserName, "version": browserVersion})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(x.out, `{"log":{"version":"1.2","creator":%s,"browser":%s,"entries":[`, creator, browser)
	return err
}

func (x *exporter) foot() error {
	pages, err := cdp.Encode(append([]harPage{}, x.pages...))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(x.out, "\n],\"pages\":%s}}\n", pages)
	return err
}

// flush writes the entries that are complete, all of them at the end.
func (x *exporter) flush(all bool) error {
	kept := x.order[:0]
	for _, e := range x.order {
		done := e.closed || e.ended != 0 && (e.hasBody || x.now.Sub(e.endedAt) > exportWait)
		if !all && !done {
			kept = append(kept, e)
			continue
		}
		if err := x.write(e); err != nil {
			return err
		}
	}
	clear(x.order[len(kept):])
	x.order = kept
	return nil
}

func (x *exporter) write(e *exporting) error {
	if x.open[e.key] == e {
		delete(x.open, e.key)
	}
	if err := x.finish(e); err != nil {
		return err
	}
	b, err := cdp.Encode(&e.e)
	if err != nil {
		return err
	}
	separator := ",\n"
	if x.written == 0 {
		separator = "\n"
	}
	x.written++
	if _, err := x.out.WriteString(separator); err != nil {
		return err
	}
	_, err = x.out.Write(b)
	return err
}

// finish fills in what is known only at the end: headers as sent, the body, timings.
func (x *exporter) finish(e *exporting) error {
	headers := e.sent.Request.Headers
	if e.extraOut != nil {
		headers = e.extraOut
	}
	e.e.Request.Headers = harHeaders(headers)
	e.e.Request.Cookies = harCookies(e.e.Request.Headers, "cookie")
	if err := x.postData(e); err != nil {
		return err
	}
	r := e.got
	if r == nil {
		e.e.Response = harResponse{Error: e.e.Response.Error, HeadersSize: -1, BodySize: -1, Headers: []harHeader{}, Cookies: noValues, Content: harContent{MIME: "x-unknown"}}
		if e.e.Response.Error == "" {
			e.e.Response.Error = "the recording ended before the response came"
		}
	} else {
		x.response(e, r)
		if err := x.content(e); err != nil {
			return err
		}
	}
	e.timings()
	x.swinspect(e)
	return nil
}

func (x *exporter) response(e *exporting, r *exportResponse) {
	headers := r.Headers
	if e.extraIn != nil {
		headers = e.extraIn
	}
	list := harHeaders(headers)
	out := &e.e.Response
	failure := out.Error
	*out = harResponse{
		Status: harNumber(r.Status), StatusText: harText(r.StatusText), Version: harText(cmpOr(r.Protocol, "http/1.1")), Headers: list,
		Cookies: harCookies(list, "set-cookie"), Content: harContent{Size: max(0, harNumber(e.body.Size)), MIME: harText(cmpOr(r.MIME, "x-unknown"))},
		RedirectURL: harText(headerOf(list, "location")), HeadersSize: -1, BodySize: -1, TransferSize: out.TransferSize, Error: failure,
		ViaServiceWorker: r.FromServiceWorker, CacheName: harText(r.CacheName), WorkerSource: harText(r.WorkerSource),
	}
	e.e.Request.Version = out.Version
	if q := r.Router; q != nil {
		out.RouterRule, out.RouterMatched, out.RouterActual = harPointer(float64(q.Rule)), harText(q.Matched), harText(q.Actual)
	}
	e.e.ServerIP, e.e.ServerPort = harText(r.RemoteIP), harNumber(r.RemotePort)
	e.e.Connection = r.Connection
	if e.e.Connection == "0" {
		e.e.Connection = ""
	}
	switch {
	case e.cached:
		e.e.FromCache = "memory"
	case r.FromDiskCache && r.CacheName == "":
		e.e.FromCache = "disk"
	}
	if e.e.FromCache != "" || r.Status == http.StatusNotModified {
		out.BodySize = 0
	}
}

// content puts the body of the response in, as text where it is text.
func (x *exporter) content(e *exporting) error {
	c := &e.e.Response.Content
	if !e.hasBody || e.body.BodyHash == "" || e.body.Missing != "" {
		if e.body.Missing != "" {
			c.Comment = harText("body: " + e.body.Missing)
		}
		return nil
	}
	b, err := x.f.Body(x.ctx, e.body.BodyHash)
	if errors.Is(err, ErrNoBody) {
		c.Comment = "body: not in the recording"
		return nil
	}
	if err != nil {
		return err
	}
	c.Size = harNumber(len(b))
	text := harText(b)
	if !utf8.Valid(b) {
		text = harText(base64.StdEncoding.EncodeToString(b))
		c.Encoding = "base64"
	}
	c.Text = &text
	return nil
}

func (x *exporter) postData(e *exporting) error {
	text := harText("")
	switch {
	case e.sent.Request.PostData != nil:
		text = harText(*e.sent.Request.PostData)
	case e.post.BodyHash != "" && e.post.Missing == "":
		b, err := x.f.Body(x.ctx, e.post.BodyHash)
		if err != nil && !errors.Is(err, ErrNoBody) {
			return err
		}
		text = harText(strings.ToValidUTF8(string(b), "\uFFFD"))
	default:
		return nil
	}
	e.e.Request.PostData = &harPostData{MIME: harText(headerOf(e.e.Request.Headers, "content-type")), Text: &text}
	e.e.Request.BodySize = harNumber(len(text))
	return nil
}

// swinspect adds what the fetch log knows of the row.
func (x *exporter) swinspect(e *exporting) {
	id := e.key.id
	if e.hop > 0 {
		id = fmt.Sprintf("%s:%d", id, e.hop)
	}
	t := x.targets[e.key.target]
	s := &harSwinspect{
		ID: harText(id), Target: harText(e.key.target), TargetType: harText(t.kind), TargetURL: harText(t.url),
		BodyHash: harText(e.body.BodyHash), BodyMissing: harText(e.body.Missing),
	}
	if row := x.log.Get(id); row != nil {
		s.Kind, s.Parent, s.Client = harText(row.Kind), harText(row.Parent), harText(row.Client)
		s.Scope, s.Version = harText(row.Scope), harText(row.Version)
		s.Decision, s.Source = harText(row.Decision), harText(row.Source)
		for _, field := range row.Inferred {
			s.Inferred = append(s.Inferred, harText(field))
		}
	}
	e.e.Swinspect = s
}

func harHeaders(headers map[string]string) []harHeader {
	list := make([]harHeader, 0, len(headers))
	for name, value := range headers {
		for part := range strings.SplitSeq(value, "\n") {
			list = append(list, harHeader{harText(name), harText(part)})
		}
	}
	sort.SliceStable(list, func(i, j int) bool {
		return strings.ToLower(string(list[i].Name)) < strings.ToLower(string(list[j].Name))
	})
	return list
}

func headerOf(headers []harHeader, name string) string {
	for _, h := range headers {
		if strings.EqualFold(string(h.Name), name) {
			return string(h.Value)
		}
	}
	return ""
}

func harQuery(u string) []harHeader {
	list := []harHeader{}
	parsed, err := url.Parse(u)
	if err != nil {
		return list
	}
	for part := range strings.SplitSeq(parsed.RawQuery, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		list = append(list, harHeader{harText(unescape(name)), harText(unescape(value))})
	}
	return list
}

func unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}
