package frontend

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
)

// Handler serves the front end in a folder front_end as its own debug build lays it
// out: one module per source file. What its build makes of the sources is made when
// it is asked for:
//
//	NAME.js      of NAME.ts: its types are taken out
//	NAME.css.js  of NAME.css: a module that exports the text
//	NAME.html    of entrypoint_template.html: the page of entrypoints/NAME
//	Images/Images.js            the pictures' addresses as variables of style sheets
//	core/i18n/locales.js        English alone
//	core/i18n/locales/en-US.json  nothing: the messages stand in the sources
//	NAME.skill.js  nothing: instructions of an assistant that is not asked here
//
// It may be asked from any goroutine.
type Handler struct {
	files fs.FS

	mu   sync.Mutex
	made map[string][]byte // by path
}

// New serves a folder front_end.
func New(files fs.FS) *Handler { return &Handler{files: files, made: map[string][]byte{}} }

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	content, err := h.content(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		http.NotFound(w, r)
		return
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", mimeType(name))
	_, _ = w.Write(content) // a browser that went away
}

func mimeType(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript"
	case ".json":
		return "application/json"
	case ".css":
		return "text/css"
	case ".html":
		return "text/html"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".avif":
		return "image/avif"
	case ".wasm":
		return "application/wasm"
	}
	return "application/octet-stream"
}

// content is what a path answers, made once.
func (h *Handler) content(name string) ([]byte, error) {
	h.mu.Lock()
	content, there := h.made[name]
	h.mu.Unlock()
	if there {
		return content, nil
	}
	content, err := h.make(name)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.made[name] = content
	return content, nil
}

func (h *Handler) make(name string) ([]byte, error) {
	content, err := fs.ReadFile(h.files, name)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return content, err
	}
	stem := strings.TrimSuffix(name, path.Ext(name))
	switch {
	case name == "Images/Images.js":
		return h.images()
	case strings.HasPrefix(name, "Images/"):
		return fs.ReadFile(h.files, "Images/src/"+strings.TrimPrefix(name, "Images/"))
	case name == "core/i18n/locales.js":
		return []byte(locales), nil
	case name == "core/i18n/locales/en-US.json":
		return []byte("{}"), nil
	case strings.HasSuffix(name, ".skill.js"):
		return []byte("export const skill = {};"), nil
	case strings.HasSuffix(name, ".css.js"):
		return h.styles(stem)
	case path.Ext(name) == ".js":
		return h.module(stem + ".ts")
	case path.Ext(name) == ".html" && path.Base(name) == name:
		return h.page(stem)
	}
	return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}

// locales says which translations there are, and where.
const locales = `export const LOCALES = ['en-US'];
export const BUNDLED_LOCALES = ['en-US'];
export const DEFAULT_LOCALE = 'en-US';
export const REMOTE_FETCH_PATTERN = './locales/@LOCALE@.json';
export const LOCAL_FETCH_PATTERN = './locales/@LOCALE@.json';
`

// settings are those of the front end's tsconfig that change what a module does.
const settings = `{"compilerOptions": {"experimentalDecorators": true, "useDefineForClassFields": true, "target": "ESNext"}}`

// module takes the types out of a TypeScript file.
func (h *Handler) module(name string) ([]byte, error) {
	source, err := fs.ReadFile(h.files, name)
	if err != nil {
		return nil, err
	}
	out := api.Transform(string(source), api.TransformOptions{Loader: api.LoaderTS, Target: api.ESNext, TsconfigRaw: settings, Sourcefile: name})
	if len(out.Errors) > 0 {
		return nil, fmt.Errorf("%s: %s", name, out.Errors[0].Text)
	}
	return out.Code, nil
}

// styles is a style sheet as a module.
func (h *Handler) styles(name string) ([]byte, error) {
	text, err := fs.ReadFile(h.files, name)
	if err != nil {
		return nil, err
	}
	quoted, err := json.Marshal(string(text))
	if err != nil {
		return nil, err
	}
	return append([]byte("export default "), quoted...), nil
}

// images sets a variable --image-file-NAME of style sheets for each picture.
func (h *Handler) images() ([]byte, error) {
	out := bytes.NewBufferString("const sheet = new CSSStyleSheet();\nsheet.replaceSync(`:root {\n")
	for _, folder := range []string{"Images", "Images/src"} {
		files, err := fs.ReadDir(h.files, folder)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if ext := path.Ext(f.Name()); ext == ".svg" || ext == ".png" || ext == ".avif" {
				fmt.Fprintf(out, "--image-file-%s: url(\"${new URL('./%s', import.meta.url)}\");\n", strings.TrimSuffix(f.Name(), ext), f.Name())
			}
		}
	}
	out.WriteString("}`);\ndocument.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];\n")
	return out.Bytes(), nil
}

// page is the page of an entry point. It may fetch from where it is served alone,
// but for WebSockets, which lead to the debugged browser.
func (h *Handler) page(entry string) ([]byte, error) {
	if _, err := fs.Stat(h.files, "entrypoints/"+entry+"/"+entry+".ts"); err != nil {
		return nil, err
	}
	template, err := fs.ReadFile(h.files, "entrypoint_template.html")
	if err != nil {
		return nil, err
	}
	return bytes.ReplaceAll(template, []byte("%ENTRYPOINT_NAME%"), []byte(entry)), nil
}
