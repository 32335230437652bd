package workerscope

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

type location struct{ url *fetch.URL }

// WorkerLocation is the interface of that name.
var WorkerLocation = &idl.Interface{
	Name: "WorkerLocation",
	Members: []idl.Member{
		idl.Stringifier(func(c *idl.Call) string { return idl.This[*location](c).url.String() }),
		part("href", (*fetch.URL).String),
		part("origin", func(u *fetch.URL) string { return u.Origin().String() }),
		part("protocol", func(u *fetch.URL) string { return u.Scheme() + ":" }),
		part("host", (*fetch.URL).Host),
		part("hostname", (*fetch.URL).Hostname),
		part("port", (*fetch.URL).Port),
		part("pathname", (*fetch.URL).Path),
		part("search", func(u *fetch.URL) string { return prefixed("?", u.Query()) }),
		part("hash", func(u *fetch.URL) string { return prefixed("#", u.Fragment()) }),
	},
}

func part(name string, get func(*fetch.URL) string) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value { return c.Value(get(idl.This[*location](c).url)) }, nil)
}

func prefixed(mark, s string) string {
	if s == "" {
		return ""
	}
	return mark + s
}

func (s *Scope) locationObject() *goja.Object {
	if s.location == nil {
		s.location = idl.Wrap(s.Realm(), WorkerLocation, &location{s.settings.CreationURL()})
	}
	return s.location
}
