package pages

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/code"
	"github.com/swinspect/swinspect/ui/components"
)

// Preview is a cached body as a document of its own, for a sandboxed frame.
type Preview struct {
	Title  string
	Theme  string
	Error  string
	Note   string // "first 2.0 MB of 9.1 MB"
	Image  string // data: URL
	Rows   [][]code.Token
	Hex    []HexRow
	Source string // media type as shown
}

// HexRow is sixteen bytes.
type HexRow struct{ Offset, Hex, Text string }

// previewStyle is the whole style of the frame. It stands in the document,
// because a sandboxed frame has an origin of its own and may load nothing from
// this server; the policy allows exactly this text.
const previewStyle = `:root{color-scheme:light dark;--bg:light-dark(#f5f6f7,#111315);--fg:light-dark(#1a1e23,#e4e7ea);--dim:light-dark(#545c65,#a6aeb7);--k:light-dark(#0a58b0,#8fbfff);--q:light-dark(#0f6535,#7dd3a3);--n:light-dark(#6d2aa6,#d3aafc);--c1:light-dark(#e3e6e9,#2a2e33)}
:root[data-theme=light]{color-scheme:light}:root[data-theme=dark]{color-scheme:dark}
body{margin:0;background:var(--bg);color:var(--fg);font:12px/20px ui-monospace,"SF Mono","Cascadia Mono","Roboto Mono","DejaVu Sans Mono","Liberation Mono",Consolas,monospace;tab-size:2}
p{margin:0;padding:8px 12px;color:var(--dim);font:12px/18px system-ui,sans-serif}p+p{padding-top:0}
ol{margin:0;padding:8px 0;list-style:none;counter-reset:l}li{counter-increment:l;display:grid;grid-template-columns:44px minmax(max-content,1fr);white-space:pre;padding-right:16px}li::before{content:counter(l);color:var(--dim);text-align:right;padding-right:10px}
.k{color:var(--k)}.q{color:var(--q)}.n{color:var(--n)}.c{color:var(--dim);font-style:italic}
img{display:block;max-width:calc(100% - 24px);margin:12px;background:repeating-conic-gradient(var(--c1) 0 25%,transparent 0 50%) 0 0/16px 16px}
table{border-spacing:0;padding:8px 12px;font:inherit}td{padding:0 12px 0 0;white-space:pre}td:first-child{color:var(--dim)}
.vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}`

var previewPolicy = func() string {
	sum := sha256.Sum256([]byte(previewStyle))
	return "sandbox; default-src 'none'; img-src data:; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; " +
		"form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
}()

// PreviewHeaders replaces the page's policy by the frame's: a sandbox without
// rights, no script, nothing loaded.
func PreviewHeaders(h http.Header) {
	h.Set("Content-Security-Policy", previewPolicy)
	h.Set("Cache-Control", "no-store")
}

const (
	maxPreviewRows = 2000
	maxHexRows     = 256
	maxImage       = 8 << 20
)

// imageTypes are the image types a frame shows; SVG among them: as an image it
// runs no script and loads nothing.
var imageTypes = map[string]bool{
	"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true, "image/avif": true,
	"image/svg+xml": true, "image/x-icon": true, "image/vnd.microsoft.icon": true, "image/bmp": true,
}

// NewPreview prepares a body for the frame.
func NewPreview(url string, body *inspector.Body, err error) Preview {
	v := Preview{Title: url}
	switch {
	case err != nil:
		v.Error = err.Error()
		return v
	case body == nil:
		v.Error = "There is no body."
		return v
	case len(body.Data) == 0:
		v.Note = "The body is empty."
		return v
	}
	v.Source = shortMIME(body.Type)
	if body.Truncated {
		v.Note = fmt.Sprintf("The first %s of %s. Save body has all of it.", components.Bytes(float64(len(body.Data))), components.Bytes(float64(body.Size)))
	}
	media := mediaType(body)
	switch {
	case imageTypes[media] && !body.Truncated && len(body.Data) <= maxImage:
		v.Image = "data:" + media + ";base64," + base64.StdEncoding.EncodeToString(body.Data)
	case isText(body.Data):
		v.text(body, media)
	default:
		v.hex(body.Data)
	}
	return v
}

// mediaType is the type of a body: as it says, and by its bytes where it says
// nothing.
func mediaType(body *inspector.Body) string {
	t := strings.ToLower(shortMIME(body.Type))
	if t == "" || t == "application/octet-stream" || t == "binary/octet-stream" {
		t, _, _ = strings.Cut(http.DetectContentType(body.Data), ";")
	}
	return t
}

// isText reports whether data reads as text: UTF-8 but for a cut last rune, and
// no control characters to speak of.
func isText(data []byte) bool {
	head := data[:min(len(data), 64<<10)]
	for i := 0; i < utf8.UTFMax && len(head) > 0 && !utf8.Valid(head); i++ {
		head = head[:len(head)-1]
	}
	if !utf8.Valid(head) || len(head) == 0 {
		return false
	}
	control := 0
	for _, b := range head {
		if b < 0x20 && b != '\n' && b != '\r' && b != '\t' && b != '\f' || b == 0x7f {
			control++
		}
	}
	return control*100 <= len(head)
}

func (v *Preview) text(body *inspector.Body, media string) {
	text := strings.ToValidUTF8(string(body.Data), "\ufffd")
	lang := code.ForType(media)
	if lang == code.JSON && !body.Truncated && len(body.Data) < 512<<10 {
		var out bytes.Buffer
		if json.Indent(&out, body.Data, "", "  ") == nil {
			text = out.String()
		}
	}
	f := code.New(text, lang)
	n := min(len(f.Rows), maxPreviewRows)
	for i := range n {
		v.Rows = append(v.Rows, f.Tokens(i))
	}
	if n < len(f.Rows) && v.Note == "" {
		v.Note = fmt.Sprintf("The first %s of %s lines. Save body has all of it.", components.Number(n), components.Number(len(f.Rows)))
	}
}

func (v *Preview) hex(data []byte) {
	n := min(len(data), maxHexRows*16)
	for i := 0; i < n; i += 16 {
		chunk := data[i:min(i+16, n)]
		text := []byte(strings.Repeat(".", len(chunk)))
		for j, b := range chunk {
			if b >= 0x20 && b < 0x7f {
				text[j] = b
			}
		}
		v.Hex = append(v.Hex, HexRow{fmt.Sprintf("%06x", i), fmt.Sprintf("% x", chunk), string(text)})
	}
	if n < len(data) && v.Note == "" {
		v.Note = fmt.Sprintf("The first %s of %s.", components.Bytes(float64(n)), components.Bytes(float64(len(data))))
	}
}
