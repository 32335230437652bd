package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/swinspect/swinspect/assets/demo"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// engineNetwork are the flags that say where the engine's network leads.
type engineNetwork struct {
	sites   []string // DIR[@ORIGIN]
	demo    bool
	allow   []string
	resolve []string // HOST=ADDRESS
	spki    []string
	ca      []string
}

func (n *engineNetwork) bind(f *pflag.FlagSet) {
	f.StringArrayVar(&n.sites, "site", nil, "serve a folder as an origin: `DIR[@ORIGIN]`; repeatable\n(default origin: https://DIR's name.localhost)")
	f.BoolVar(&n.demo, "demo", false, "serve the demo site at "+demo.Origin)
	f.StringArrayVar(&n.allow, "allow", nil, "an `ORIGIN` the engine may reach over the network; repeatable, * for all")
	f.StringArrayVar(&n.allow, "allow-origin", nil, "the same as --allow")
	f.StringArrayVar(&n.resolve, "resolve", nil, "dial a host elsewhere: `HOST=ADDRESS`, for example *.test=127.0.0.1; repeatable")
	f.StringArrayVar(&n.spki, "trust-spki", nil, "trust a certificate by the base64 SHA-256 `HASH` of its public key; repeatable")
	f.StringArrayVar(&n.ca, "ca-file", nil, "trust the certificate authorities in a PEM `FILE`; repeatable")
	_ = f.MarkHidden("allow-origin")
}

// engineNet is the network that was built.
type engineNet struct {
	http.RoundTripper
	start []string // pages to open when none is named
	live  *fetch.Network
}

func (n *engineNet) close() {
	if n.live != nil {
		n.live.CloseIdleConnections()
	}
}

// folder is the file system below a path; a link that leads out of it leads nowhere.
// The path is opened anew each time: a build may have put another folder there.
type folder string

// Open implements fs.FS.
func (f folder) Open(name string) (fs.File, error) {
	root, err := os.OpenRoot(string(f))
	if err != nil {
		return nil, err
	}
	file, err := root.FS().Open(name)
	if err != nil && !errors.Is(err, fs.ErrPermission) {
		err = &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return file, errors.Join(err, root.Close())
}

func (n *engineNetwork) build() (*engineNet, error) {
	built := &engineNet{}
	sites := map[string]http.RoundTripper{}
	given, err := parseSites(n.sites)
	if err != nil {
		return nil, err
	}
	for _, site := range given {
		sites[site.origin] = fetch.Folder(folder(site.dir), site.origin)
		built.start = append(built.start, site.origin+"/")
	}
	if n.demo {
		sites[demo.Origin] = handlerNetwork{demo.New()}
		built.start = append(built.start, demo.Origin+"/", demo.Origin+"/help/")
	}
	var fallback http.RoundTripper
	if len(n.allow) > 0 {
		live, err := n.liveNetwork()
		if err != nil {
			return nil, err
		}
		built.live, fallback = live, live
	}
	built.RoundTripper = fetch.Sites(sites, fallback)
	return built, nil
}

func (n *engineNetwork) liveNetwork() (*fetch.Network, error) {
	o := fetch.LiveOptions{AllowedOrigins: n.allow, HostMap: map[string]string{}, InsecureSPKI: n.spki}
	for _, r := range n.resolve {
		host, address, ok := strings.Cut(r, "=")
		if !ok || host == "" || address == "" {
			return nil, usage("--resolve %q: write HOST=ADDRESS, for example *.test=127.0.0.1", r)
		}
		o.HostMap[host] = address
	}
	for _, name := range n.ca {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, usage("--ca-file: %v", err)
		}
		for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
			certificate, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, usage("--ca-file %s: %v", name, err)
			}
			o.RootCAs = append(o.RootCAs, certificate)
		}
	}
	return fetch.Live(o), nil
}

// site is a folder that is served as an origin.
type site struct{ dir, origin string }

// parseSites reads several DIR[@ORIGIN], of which no two may have one origin.
func parseSites(given []string) ([]site, error) {
	var sites []site
	folder := map[string]string{}
	for _, g := range given {
		dir, origin, err := parseSite(g)
		if err != nil {
			return nil, err
		}
		if other, ok := folder[origin]; ok {
			return nil, usage("--site %q: %s is the origin of %s already: give it one of its own, %s@https://app.example", g, origin, other, dir)
		}
		folder[origin] = dir
		sites = append(sites, site{dir, origin})
	}
	return sites, nil
}

// secure reports whether pages of an origin have service workers: it has to be
// https, or of this machine.
func (s site) secure() bool {
	u, err := fetch.ParseURL(s.origin, nil)
	return err == nil && u.Origin().PotentiallyTrustworthy()
}

// parseSite reads DIR[@ORIGIN].
func parseSite(given string) (dir, origin string, err error) {
	dir, origin, named := strings.Cut(given, "@")
	if i := strings.LastIndex(given, "@http"); i >= 0 {
		dir, origin, named = given[:i], given[i+1:], true
	} else if isFolder(given) { // with an @ in its name
		dir, named = given, false
	}
	if !isFolder(dir) {
		return "", "", usage("--site %q: there is no folder %s", given, dir)
	}
	if !named {
		return dir, "https://" + hostLabel(dir) + ".localhost", nil
	}
	u, err := fetch.ParseURL(origin, nil)
	if err != nil || !u.IsHTTP() || strings.Trim(u.Path(), "/") != "" {
		return "", "", usage("--site %q: %q is no origin: write https://app.example", given, origin)
	}
	return dir, u.Origin().String(), nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// hostLabel makes a folder's name fit for a host name.
func hostLabel(dir string) string {
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	label := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, filepath.Base(dir))
	if label = strings.Trim(label, "-"); label == "" {
		return "site"
	}
	return label
}

// handlerNetwork is a handler of this process as a network.
type handlerNetwork struct{ http.Handler }

// RoundTrip lets the handler answer.
func (h handlerNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(w, r)
	if err := r.Body.Close(); err != nil {
		return nil, fmt.Errorf("closing the request's body: %w", err)
	}
	return w.response(r), nil
}
