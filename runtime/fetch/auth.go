package fetch

import (
	"encoding/base64"
	"net/url"
	"strings"
	"sync"
)

// authEntries are the authentication entries: what a user and password were good
// for, and is sent along with later requests. Safe for any number of goroutines.
//
// Source: https://fetch.spec.whatwg.org/#authentication-entry
type authEntries struct {
	mu       sync.Mutex
	byOrigin map[string][]authEntry
}

// authEntry is good for a folder and all below it (RFC 7617, section 2.2).
type authEntry struct{ folder, value string }

// basic is the Authorization value of a URL's user and password; "" without them.
func basic(u *URL) string {
	if u.Username() == "" && u.Password() == "" {
		return ""
	}
	user, _ := url.PathUnescape(u.Username())
	password, _ := url.PathUnescape(u.Password())
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func folderOf(u *URL) string { return u.Path()[:strings.LastIndexByte(u.Path(), '/')+1] }

// value is the authorization for u: of the deepest folder that holds it, or "".
func (a *authEntries) value(u *URL) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	best := authEntry{}
	for _, e := range a.byOrigin[u.Origin().String()] {
		if strings.HasPrefix(u.Path(), e.folder) && len(e.folder) > len(best.folder) {
			best = e
		}
	}
	return best.value
}

// answered notes what an authorization was good for. One that was refused (401) is
// forgotten.
func (a *authEntries) answered(u *URL, value string, refused bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	origin, folder := u.Origin().String(), folderOf(u)
	kept := []authEntry{}
	for _, e := range a.byOrigin[origin] {
		goes := e.folder == folder
		if refused {
			goes = e.value == value && strings.HasPrefix(folder, e.folder)
		}
		if !goes {
			kept = append(kept, e)
		}
	}
	if !refused {
		kept = append(kept, authEntry{folder, value})
	}
	if a.byOrigin == nil {
		a.byOrigin = map[string][]authEntry{}
	}
	a.byOrigin[origin] = kept
}

// clear forgets the entries of an origin.
func (a *authEntries) clear(o Origin) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.byOrigin, o.String())
}
