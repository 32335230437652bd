package fetch

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"time"
)

// throughCache is the part of HTTP-network-or-cache fetch that looks into the HTTP
// cache, asks the network where that does not do, and stores what may be stored.
//
// SKIPPED: stale-while-revalidate: a stale response is validated before it is used.
func (p *fetching) throughCache(h *httpRequest) *Response {
	var old *stored
	key := p.partitionKey(h.CurrentURL())
	if p.cache != nil && h.cacheMode != "no-store" && h.cacheMode != "reload" && h.Method == "GET" && !h.Headers.Has("Range") {
		old = p.cache.lookup(key, h.Headers)
	}
	if old != nil {
		now := p.clock.Now()
		if h.cacheMode == "force-cache" || h.cacheMode == "only-if-cached" || h.cacheMode == "default" && old.fresh(now) {
			return p.fromCache(h, old)
		}
		p.addValidators(h, old)
	}
	if h.cacheMode == "only-if-cached" {
		return NetworkError(ErrNotCached)
	}
	var generation uint64
	if p.cache != nil {
		generation = p.cache.generation()
	}
	sent := p.clock.Now()
	response := p.networkFetch(h)
	if response.IsNetworkError() || p.cache == nil {
		return response
	}
	// HTTP-network-or-cache fetch: an unsafe request that worked makes what is stored worthless.
	if h.Method != "GET" && h.Method != "HEAD" && h.Method != "OPTIONS" && response.Status >= 200 && response.Status <= 399 {
		p.cache.invalidate(key)
	}
	if h.revalidates && response.Status == 304 {
		response.cancel()
		return p.fromCache(h, p.freshen(old, response.Headers, sent, generation))
	}
	if storable(h, response) {
		p.store(h, key, response, sent, generation)
	}
	return response
}

// addValidators makes the request conditional on what is stored.
func (p *fetching) addValidators(h *httpRequest, old *stored) {
	if etag, ok := old.headers.Get("ETag"); ok {
		h.Headers.Append("If-None-Match", etag)
		h.revalidates = true
	}
	if modified, ok := old.headers.Get("Last-Modified"); ok {
		h.Headers.Append("If-Modified-Since", modified)
		h.revalidates = true
	}
}

// fromCache is a response made of a stored one.
func (p *fetching) fromCache(h *httpRequest, s *stored) *Response {
	if p.observer != nil {
		p.observer.ServedFromCache(p.r.ID)
	}
	headers := s.headers.Clone()
	headers.Set("Age", strconv.FormatInt(max(int64(s.age(p.clock.Now())/time.Second), 0), 10))
	if !s.headers.Has("Age") {
		headers.Delete("Age") // a private cache adds none that the origin did not send
	}
	p.timing.ResponseStart = p.clock.Now()
	return &Response{
		Type: "default", Status: s.status, StatusText: s.statusText, Headers: headers,
		URLList: slices.Clone(h.URLList), Body: BytesBody(s.body), Source: "http-cache",
	}
}

// freshen is RFC 9111 section 4.3.4: the stored response with the headers of a 304.
func (p *fetching) freshen(old *stored, headers HeaderList, sent time.Time, generation uint64) *stored {
	s := *old
	s.headers = old.headers.Clone()
	s.requested, s.received = sent, p.clock.Now()
	seen := map[string]bool{}
	for _, header := range headers {
		switch lower(header.Name) {
		case "content-length", "content-encoding", "content-type", "content-range", "transfer-encoding", "connection":
			continue
		}
		if !seen[lower(header.Name)] {
			s.headers.Delete(header.Name)
			seen[lower(header.Name)] = true
		}
		s.headers.Append(header.Name, header.Value)
	}
	if p.cache.generation() == generation {
		p.cache.replace(old, &s)
	}
	return &s
}

// storable is RFC 9111 section 3, for a private cache.
func storable(h *httpRequest, response *Response) bool {
	if h.Method != "GET" || h.cacheMode == "no-store" || h.Headers.Has("Range") || response.Status == 206 || response.Status == 304 {
		return false
	}
	request, answer := directivesOf(h.Headers), directivesOf(response.Headers)
	if request.has("no-store") || answer.has("no-store") || slices.Contains(varyFields(response.Headers), "*") {
		return false
	}
	if _, explicit := lifetime(answer, response.Headers); explicit || answer.has("public") || answer.has("private") || answer.has("no-cache") {
		return true
	}
	return heuristicStatus(response.Status)
}

// store keeps the response once its body has been read to the end.
func (p *fetching) store(h *httpRequest, key string, response *Response, sent time.Time, generation uint64) {
	s := &stored{
		key: key, method: h.Method, status: response.Status, statusText: response.StatusText,
		headers: headersWithout(response.Headers, ForbiddenResponseHeader), requested: sent, received: p.clock.Now(),
	}
	headers := h.Headers.Clone()
	cache := p.cache
	keep := func(body []byte) {
		if cache.generation() != generation {
			return
		}
		s.body = body
		cache.put(s, headers)
	}
	if response.Body == nil {
		keep([]byte{})
		return
	}
	if whole, ok := response.Body.Bytes(); ok {
		keep(whole)
		return
	}
	w := &storingBody{from: response.Body.Reader(), limit: cache.limit / maxCacheShare, keep: keep}
	response.Body = StreamBody(w, response.Body.Length())
}

// storingBody hands a body on and keeps it when it was read to its end.
type storingBody struct {
	from  io.ReadCloser
	limit int64
	keep  func([]byte)
	body  bytes.Buffer
}

func (b *storingBody) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.keep == nil {
		return n, err
	}
	b.body.Write(p[:n])
	switch {
	case err == io.EOF:
		b.keep(b.body.Bytes())
		b.keep = nil
	case err != nil || int64(b.body.Len()) > b.limit:
		b.keep, b.body = nil, bytes.Buffer{}
	}
	return n, err
}

func (b *storingBody) Close() error { return b.from.Close() }
