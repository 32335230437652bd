package urlapi

import (
	"github.com/dop251/goja"
	whatwg "github.com/nlnwa/whatwg-url/url"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// urlObject is the implementation of a URL object.
type urlObject struct {
	url    *whatwg.Url
	params *searchParams // made when it is first asked for
	object *goja.Object  // of params
}

// URL is the interface of that name.
var URL = &idl.Interface{
	Name: "URL", Length: 1,
	Setup: func(r *idl.Realm, constructor, _ *goja.Object) {
		if !fetchapi.ObjectURLs(r) {
			_ = constructor.Delete("createObjectURL")
			_ = constructor.Delete("revokeObjectURL")
		}
	},
}

func init() {
	URL.New = func(c *idl.Call) any {
		u, err := parse(c)
		if err != nil {
			panic(c.Fail("Invalid URL"))
		}
		return &urlObject{url: u}
	}
	attribute := func(name string, get func(u *urlObject) string, set func(u *urlObject, v string)) idl.Member {
		var setter idl.Native
		if set != nil {
			setter = func(c *idl.Call) goja.Value {
				set(idl.This[*urlObject](c), scalar(c.String(0)))
				return nil
			}
		}
		return idl.Attr(name, func(c *idl.Call) goja.Value { return c.Value(get(idl.This[*urlObject](c))) }, setter)
	}
	href := func(u *urlObject) string { return u.url.Href(false) }
	URL.Members = append([]idl.Member{
		idl.Static("parse", 1, func(c *idl.Call) goja.Value {
			u, err := parse(c)
			if err != nil {
				return goja.Null()
			}
			return idl.Wrap(c.Realm, URL, &urlObject{url: u})
		}),
		idl.Static("canParse", 1, func(c *idl.Call) goja.Value {
			_, err := parse(c)
			return c.Value(err == nil)
		}),
		idl.Attr("href", func(c *idl.Call) goja.Value { return c.Value(href(idl.This[*urlObject](c))) }, setHref),
		attribute("origin", (*urlObject).origin, nil),
		attribute("protocol", func(u *urlObject) string { return u.url.Protocol() }, func(u *urlObject, v string) { u.url.SetProtocol(v) }),
		attribute("username", func(u *urlObject) string { return u.url.Username() }, func(u *urlObject, v string) { u.url.SetUsername(v) }),
		attribute("password", func(u *urlObject) string { return u.url.Password() }, func(u *urlObject, v string) { u.url.SetPassword(v) }),
		attribute("host", func(u *urlObject) string { return u.url.Host() }, func(u *urlObject, v string) { u.url.SetHost(v) }),
		attribute("hostname", func(u *urlObject) string { return u.url.Hostname() }, func(u *urlObject, v string) { u.url.SetHostname(v) }),
		attribute("port", func(u *urlObject) string { return u.url.Port() }, func(u *urlObject, v string) { u.url.SetPort(v) }),
		attribute("pathname", func(u *urlObject) string { return u.url.Pathname() }, func(u *urlObject, v string) { u.url.SetPathname(v) }),
		attribute("search", func(u *urlObject) string { return u.url.Search() }, func(u *urlObject, v string) {
			u.url.SetSearch(v)
			u.searchChanged()
		}),
		idl.Attr("searchParams", func(c *idl.Call) goja.Value {
			u := idl.This[*urlObject](c)
			if u.params == nil {
				u.params = &searchParams{url: u, list: parseQuery(u.url.Query())}
				u.object = idl.Wrap(c.Realm, URLSearchParams, u.params)
			}
			return u.object
		}, nil),
		attribute("hash", func(u *urlObject) string { return u.url.Hash() }, func(u *urlObject, v string) { u.url.SetHash(v) }),
		idl.Method("toJSON", 0, func(c *idl.Call) goja.Value { return c.Value(href(idl.This[*urlObject](c))) }),
		idl.Stringifier(func(c *idl.Call) string { return href(idl.This[*urlObject](c)) }),
	}, fetchapi.ObjectURLMembers...)
}

// parse parses the first argument against the second.
func parse(c *idl.Call) (*whatwg.Url, error) {
	input := scalar(c.String(0))
	if !c.Has(1) {
		return whatwg.Parse(input)
	}
	base, err := whatwg.Parse(scalar(c.String(1)))
	if err != nil {
		return nil, err
	}
	return base.Parse(input)
}

func setHref(c *idl.Call) goja.Value {
	u := idl.This[*urlObject](c)
	parsed, err := whatwg.Parse(scalar(c.String(0)))
	if err != nil {
		panic(c.Fail("Invalid URL"))
	}
	u.url = parsed
	u.searchChanged()
	return nil
}

// origin is the serialised origin; a blob: URL has that of the URL inside.
func (u *urlObject) origin() string {
	parsed, err := fetch.ParseURL(u.url.Href(false), nil)
	if err != nil {
		return "null"
	}
	return parsed.Origin().String()
}

// searchChanged gives searchParams the list of the new query.
func (u *urlObject) searchChanged() {
	if u.params != nil {
		u.params.list = parseQuery(u.url.Query())
	}
}
