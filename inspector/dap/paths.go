package dap

import (
	"cmp"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mapping says that a folder is served at a URL, or at the beginning of the path of
// one, whatever its origin. Both end in a slash.
type mapping struct{ at, folder string }

// paths translates between the files of this machine and the URLs of scripts.
type paths []mapping

// newPaths are the mappings of a configuration and of what was launched, those that
// say most first.
func newPaths(c *Common, roots map[string]string) paths {
	var p paths
	add := func(at, folder string) {
		folder = strings.TrimSuffix(folder, "*") // as js-debug writes it
		if folder == "" {
			return
		}
		if absolute, err := filepath.Abs(folder); err == nil {
			folder = absolute
		}
		at = strings.TrimSuffix(at, "*")
		if !strings.Contains(at, "://") && !strings.HasPrefix(at, "/") {
			at = "/" + at
		}
		p = append(p, mapping{strings.TrimSuffix(at, "/") + "/", strings.TrimSuffix(folder, string(filepath.Separator)) + string(filepath.Separator)})
	}
	for at, folder := range c.PathMappings {
		add(at, folder)
	}
	for at, folder := range roots {
		add(at, folder)
	}
	add("/", c.WebRoot)
	// A whole URL says more than a path, a long one more than a short one.
	slices.SortStableFunc(p, func(a, b mapping) int {
		whole := func(m mapping) int {
			if strings.Contains(m.at, "://") {
				return 0
			}
			return 1
		}
		return cmp.Or(whole(a)-whole(b), len(b.at)-len(a.at), strings.Compare(a.at, b.at))
	})
	return p
}

// pattern is the URL pattern of the scripts that a file is, and whether a mapping led
// to it: without one, all scripts of the file's name are meant.
func (p paths) pattern(file string) (pattern string, mapped bool) {
	if isURL(file) {
		return file, true
	}
	best := mapping{}
	for _, m := range p {
		// The folder that lies nearest to the file.
		if strings.HasPrefix(file, m.folder) && len(m.folder) > len(best.folder) {
			best = m
		}
	}
	if best.folder == "" {
		return escaped(filepath.Base(file)), false
	}
	rest := filepath.ToSlash(strings.TrimPrefix(file, best.folder))
	pattern = best.at + escaped(rest)
	if isURL(best.at) { // a script is this file whatever its query is; paths do not count it
		pattern += "*"
	}
	return pattern, true
}

// escaped writes a path as URLs have it.
func escaped(path string) string { return (&url.URL{Path: path}).EscapedPath() }

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(u.Scheme) > 1 && u.Scheme != "file" // one letter is a drive
}

// fromURI is the path that a client means by a path or, with pathFormat "uri", a URI.
func fromURI(s string) string {
	if rest, ok := strings.CutPrefix(s, "file://"); ok {
		if u, err := url.Parse(s); err == nil {
			rest = u.Path
		}
		if len(rest) > 2 && rest[0] == '/' && rest[2] == ':' { // file:///C:/…
			rest = rest[1:]
		}
		return filepath.FromSlash(rest)
	}
	return s
}

// toURI is the reverse.
func toURI(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// file is the file of this machine that a script's URL stands for, "" when there is
// none.
func (p paths) file(script string) string {
	u, err := url.Parse(script)
	if err != nil {
		return ""
	}
	if u.Scheme == "file" {
		return existing(fromURI(script))
	}
	u.RawQuery, u.Fragment, u.ForceQuery = "", "", false
	whole, path := u.String(), u.EscapedPath()
	for _, m := range p {
		at := path
		if strings.Contains(m.at, "://") {
			at = whole
		}
		rest, ok := strings.CutPrefix(at, m.at)
		if !ok {
			continue
		}
		rest, err := url.PathUnescape(rest)
		if err != nil || !filepath.IsLocal(filepath.FromSlash(rest)) {
			continue // it would lead out of the folder
		}
		if found := existing(m.folder + filepath.FromSlash(rest)); found != "" {
			return found
		}
	}
	return ""
}

// existing is path when it is a file.
func existing(path string) string {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return path
}
