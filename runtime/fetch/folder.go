package fetch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// Folder serves a file system as an origin, as a static web server does:
// index.html for folders, a redirect to the slash, MIME types, ETag from the
// content, ranges, conditional requests, 404. Requests to another origin get an
// *OriginError; an origin of "" serves every one.
func Folder(dir fs.FS, origin string) http.RoundTripper {
	return &folder{dir: dir, origin: origin}
}

type folder struct {
	dir    fs.FS
	origin string
}

func (f *folder) RoundTrip(r *http.Request) (*http.Response, error) {
	closeRequestBody(r)
	if origin := r.URL.Scheme + "://" + r.URL.Host; f.origin != "" && f.origin != origin {
		return nil, &OriginError{origin}
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return answer(r, http.StatusMethodNotAllowed, http.Header{"Allow": {"GET, HEAD"}}, []byte("Method Not Allowed\n")), nil
	}
	return f.file(r)
}

func (f *folder) file(r *http.Request) (*http.Response, error) {
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if name == "" {
		name = "."
	}
	if !fs.ValidPath(name) {
		return notFound(r), nil
	}
	info, err := fs.Stat(f.dir, name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid):
		return notFound(r), nil
	case err != nil:
		return answer(r, http.StatusInternalServerError, nil, []byte("Internal Server Error\n")), nil
	case info.IsDir() && !strings.HasSuffix(r.URL.Path, "/"):
		to := r.URL.EscapedPath() + "/"
		if r.URL.RawQuery != "" {
			to += "?" + r.URL.RawQuery
		}
		return answer(r, http.StatusMovedPermanently, http.Header{"Location": {to}}, nil), nil
	case info.IsDir():
		name = path.Join(name, "index.html")
	case strings.HasSuffix(r.URL.Path, "/"):
		return notFound(r), nil
	}
	content, err := fs.ReadFile(f.dir, name)
	if err != nil {
		return notFound(r), nil
	}
	return serveContent(r, name, content), nil
}

// serveContent lets net/http answer ranges and conditions.
func serveContent(r *http.Request, name string, content []byte) *http.Response {
	sum := sha256.Sum256(content)
	w := &responseRecorder{header: http.Header{}}
	w.header.Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	w.header.Set("Content-Type", typeByName(name, content))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return answer(r, w.status, w.header, w.body.Bytes())
}

// TypeByName is the Content-Type that Folder gives a file of that name.
func typeByName(name string, content []byte) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".html", ".htm":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json", ".map":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".svg":
		return "image/svg+xml"
	case ".wasm":
		return "application/wasm"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return http.DetectContentType(content)
}

func notFound(r *http.Request) *http.Response {
	return answer(r, http.StatusNotFound, http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, []byte("404 page not found\n"))
}

func answer(r *http.Request, status int, header http.Header, body []byte) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	response := &http.Response{
		StatusCode: status, Status: statusLine(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
	if r.Method == http.MethodHead {
		response.Body = http.NoBody
	}
	return response
}

// responseRecorder is an http.ResponseWriter into memory.
type responseRecorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *responseRecorder) Header() http.Header { return w.header }

func (w *responseRecorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *responseRecorder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}
