// Package assets holds the style sheet, the scripts and the glyphs of the page
// and serves them with addresses that change when their content does.
//
// css/*.css are joined in name order into one sheet. js/*.js and vendor/*.js
// are ES modules served one by one: a module imports another by a relative
// address, and because the hash is a folder of the path ("/assets/HASH/js/…")
// the import carries the hash too.
package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed css/*.css js/*.js vendor/*.js icons.svg
var files embed.FS

// StyleName is the path of the joined style sheet below the hash.
const StyleName = "css/style.css"

// file is one served file, compressed once.
type file struct {
	plain, gzip []byte
	mime        string
}

// Bundle is every asset with its hash. Its methods are safe for concurrent use.
type Bundle struct {
	hash  string
	files map[string]file
	icons string
}

// Load joins, hashes and compresses the embedded files, once per process. It
// panics on an embedded tree that cannot be read, which only a broken build has.
var Load = sync.OnceValue(load)

func load() *Bundle {
	b := &Bundle{files: map[string]file{}}
	sum := sha256.New()
	sheet := joined("css")
	b.add(StyleName, "text/css; charset=utf-8", sheet)
	sum.Write(sheet)
	for _, dir := range []string{"js", "vendor"} {
		for _, name := range names(dir) {
			data := read(path.Join(dir, name))
			b.add(path.Join(dir, name), "text/javascript; charset=utf-8", data)
			sum.Write(data)
		}
	}
	icons := read("icons.svg")
	_, symbols, _ := strings.Cut(string(icons), "-->")
	b.icons = strings.TrimSpace(symbols)
	b.hash = hex.EncodeToString(sum.Sum(nil))[:12]
	return b
}

// URL is the address of an asset: "/assets/HASH/js/app.js".
func (b *Bundle) URL(name string) string { return "/assets/" + b.hash + "/" + name }

// Hash identifies the content of all assets together.
func (b *Bundle) Hash() string { return b.hash }

// Icons is the glyph sheet's symbols, trusted markup.
func (b *Bundle) Icons() string { return b.icons }

// Names lists what can be served, in no order.
func (b *Bundle) Names() []string {
	var out []string
	for name := range b.files {
		out = append(out, name)
	}
	return out
}

// Size is the compressed size of an asset in bytes, 0 for an unknown one.
func (b *Bundle) Size(name string) int { return len(b.files[name].gzip) }

// ServeHTTP answers /assets/HASH/NAME. An old hash gets the current file but is
// not kept by the browser.
func (b *Bundle) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	hash, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/assets/"), "/")
	f, ok := b.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.mime)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if hash == b.hash {
		h.Set("Cache-Control", "private, max-age=31536000, immutable")
	}
	body := f.plain
	if acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body = f.gzip
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" && strings.TrimSpace(q) != "q=0" {
			return true
		}
	}
	return false
}

func (b *Bundle) add(name, mime string, data []byte) {
	var z bytes.Buffer
	zw, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
	if err == nil {
		_, err = zw.Write(data)
	}
	if err == nil {
		err = zw.Close()
	}
	if err != nil {
		panic(fmt.Errorf("assets: compress %s: %w", name, err))
	}
	b.files[name] = file{plain: data, gzip: z.Bytes(), mime: mime}
}

func joined(dir string) []byte {
	var out bytes.Buffer
	for _, name := range names(dir) {
		out.Write(read(path.Join(dir, name)))
	}
	return out.Bytes()
}

func names(dir string) []string {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		panic(fmt.Errorf("assets: list %s: %w", dir, err))
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func read(name string) []byte {
	data, err := files.ReadFile(name)
	if err != nil {
		panic(fmt.Errorf("assets: read %s: %w", name, err))
	}
	return data
}
