package main

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// dapSite is a folder that is served on this machine for the time of a debug session,
// with a page that registers a worker's script.
type dapSite struct {
	dir, origin string
	page        string // its URL; "" without a script
	server      *http.Server
	served      chan error
}

// dapRegister is the name of the page: in the script's folder, which is its scope.
const dapRegister = ".swinspect.html"

var dapPage = template.Must(template.New("register").Parse(`<!doctype html>
<meta charset="utf-8">
<title>{{.}}</title>
<p id="said">registering {{.}} …</p>
<script>
navigator.serviceWorker.register({{.}}).then(
	r => { document.getElementById('said').textContent = 'registered for ' + r.scope; },
	e => { document.getElementById('said').textContent = String(e); throw e; });
</script>
`))

// serveDAPSite serves a folder; script, when there is one, lies below it.
func serveDAPSite(ctx context.Context, dir, script string) (*dapSite, error) {
	if !isFolder(dir) {
		return nil, fmt.Errorf("there is no folder %s", dir)
	}
	at := "" // the script's path in URLs
	if script != "" {
		within, err := filepath.Rel(dir, script)
		if err != nil || !filepath.IsLocal(within) {
			return nil, fmt.Errorf("program: %s is not below the webRoot %s", script, dir)
		}
		if existing, err := http.Dir(dir).Open("/" + filepath.ToSlash(within)); err != nil {
			return nil, fmt.Errorf("program: there is no file %s", script)
		} else if err := existing.Close(); err != nil {
			return nil, err
		}
		at = "/" + filepath.ToSlash(within)
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &dapSite{dir: dir, origin: "http://" + ln.Addr().String(), served: make(chan error, 1)}
	if at != "" {
		s.page = s.origin + path.Join(path.Dir(at), dapRegister)
	}
	s.server = &http.Server{Handler: s.handler(at), ReadHeaderTimeout: 10 * time.Second}
	go func() { s.served <- s.server.Serve(ln) }()
	return s, nil
}

func (s *dapSite) handler(script string) http.Handler {
	files := http.FileServerFS(folder(s.dir))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Only the browser that was started knows the port; a page elsewhere that
		// rebinds its name to this address gets nothing.
		if r.Host != strings.TrimPrefix(s.origin, "http://") {
			http.Error(w, "this is "+s.origin, http.StatusMisdirectedRequest)
			return
		}
		w.Header().Set("Cache-Control", "no-cache") // what is debugged is being changed
		if script != "" && r.URL.Path == path.Join(path.Dir(script), dapRegister) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_ = dapPage.Execute(w, script) // the browser has gone away
			return
		}
		files.ServeHTTP(w, r)
	})
}

func (s *dapSite) close() error {
	_ = s.server.Close() // nothing is left that would have to be finished
	if err := <-s.served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
