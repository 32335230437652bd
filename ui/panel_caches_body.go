package ui

import (
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/pages"
)

const (
	// maxPreview is how much of a body the preview reads, maxSave how much a
	// download does.
	maxPreview = 2 << 20
	maxSave    = 256 << 20
)

// cacheBody answers with a cached body: as a download, or as a document of its
// own that shows it, for the preview's sandboxed frame. What a site cached is
// never answered as what it says it is.
func cacheBody(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	c := newCachesPage(s, r, p)
	q := r.URL.Query()
	ref := inspector.CacheRef{StorageRef: c.ref, Name: q.Get("cache")}
	url := q.Get("entry")
	var sent []inspector.Header
	if known := p.State.Storage(c.ref); known != nil {
		sent = c.requestHeaders(ref, url, q.Get("n"))
	}
	if q.Get("as") == "download" {
		saveBody(s, w, r, p, ref, url, sent)
		return
	}
	body, err := p.Browser.Body(r.Context(), ref, url, sent, maxPreview)
	pages.PreviewHeaders(w.Header())
	preview := pages.NewPreview(url, body, err)
	preview.Theme = p.Shell.Theme
	s.render(w, r, http.StatusOK, pages.PreviewDocument(preview))
}

// requestHeaders are the stored request headers of an entry that the page has
// listed: Vary may need them to find the response.
func (c *cachesPage) requestHeaders(ref inspector.CacheRef, url, variant string) []inspector.Header {
	known := read(c.s, c.r.Context(), c.key("entries", ref.Name), 0,
		func(Reading[*inspector.Listing]) bool { return false }, nil)
	if known.Value == nil {
		return nil
	}
	if e := pages.FindEntry(known.Value, url, variant); e != nil {
		return e.RequestHeaders
	}
	return nil
}

func saveBody(_ *Server, w http.ResponseWriter, r *http.Request, p *PageContext, ref inspector.CacheRef, url string, sent []inspector.Header) {
	body, err := p.Browser.Body(r.Context(), ref, url, sent, maxSave)
	if err != nil {
		p.Fail(w, r, http.StatusBadGateway, err)
		return
	}
	saveBytes(w, r, url, body.Data)
}

// saveBytes answers with a download.
func saveBytes(w http.ResponseWriter, r *http.Request, url string, data []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="`+fileName(url)+`"`)
	h.Set("Content-Length", strconv.Itoa(len(data)))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "no-store")
	if r.Method != http.MethodHead {
		_, _ = w.Write(data)
	}
}

// fileName is the last part of a URL's path, kept to characters that mean
// nothing to a shell or a header.
func fileName(raw string) string {
	p, _, _ := strings.Cut(raw, "?")
	p, _, _ = strings.Cut(p, "#")
	if _, rest, ok := strings.Cut(p, "://"); ok {
		_, p, _ = strings.Cut(rest, "/")
	}
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '_'
	}, path.Base("/"+p))
	name = strings.TrimLeft(name, ".")
	if name == "" || name == "_" {
		return "index"
	}
	if len(name) > 120 {
		name = name[len(name)-120:]
	}
	return name
}
