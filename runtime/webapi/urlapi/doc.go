// Package urlapi is the URL standard's and the URL Pattern standard's objects:
// URL, URLSearchParams and URLPattern. Parsing is whatwg-url's and go-urlpattern's.
//
// Source: https://url.spec.whatwg.org/#api, https://urlpattern.spec.whatwg.org/
package urlapi

import "github.com/swinspect/swinspect/runtime/webapi/idl"

// Install exposes the interfaces on the realm's global.
func Install(r *idl.Realm) { idl.Expose(r, URL, URLSearchParams, URLPattern) }
