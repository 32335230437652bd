package workerscope

import (
	"runtime"
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

type navigator struct{ settings *env.Settings }

// WorkerNavigator is the interface of that name. Other standards add to it with
// Partial.
var WorkerNavigator = &idl.Interface{Name: "WorkerNavigator", Members: NavigatorMembers(func(c *idl.Call) *env.Settings {
	return idl.This[*navigator](c).settings
})}

// Partial adds a partial interface WorkerNavigator's members. To be called from
// init functions.
func Partial(members ...idl.Member) {
	WorkerNavigator.Members = append(WorkerNavigator.Members, members...)
}

// CheckNavigator throws unless this is a WorkerNavigator: for members of Partial.
func CheckNavigator(c *idl.Call) { idl.This[*navigator](c) }

// NavigatorMembers are the members of NavigatorID, NavigatorLanguage,
// NavigatorOnLine and NavigatorConcurrentHardware; of makes the brand check.
func NavigatorMembers(of func(c *idl.Call) *env.Settings) []idl.Member {
	text := func(name string, get func(s *env.Settings) string) idl.Member {
		return idl.Attr(name, func(c *idl.Call) goja.Value { return c.Value(get(of(c))) }, nil)
	}
	constant := func(name, value string) idl.Member { return text(name, func(*env.Settings) string { return value }) }
	return []idl.Member{
		constant("appCodeName", "Mozilla"), constant("appName", "Netscape"),
		text("appVersion", func(s *env.Settings) string { return strings.TrimPrefix(userAgent(s), "Mozilla/") }),
		constant("platform", "Linux x86_64"), constant("product", "Gecko"),
		text("userAgent", userAgent),
		constant("language", "en-US"),
		idl.Attr("languages", func(c *idl.Call) goja.Value { of(c); return languages(c.Realm) }, nil),
		idl.Attr("onLine", func(c *idl.Call) goja.Value {
			s := of(c)
			return c.Value(s.Online == nil || s.Online())
		}, nil),
		idl.Attr("hardwareConcurrency", func(c *idl.Call) goja.Value { of(c); return c.Value(runtime.NumCPU()) }, nil),
	}
}

func userAgent(s *env.Settings) string {
	if s.UserAgentNow != nil {
		if instead := s.UserAgentNow(); instead != "" {
			return instead
		}
	}
	return s.UserAgent
}

type languagesKey struct{}

// languages is the same frozen array every time.
func languages(r *idl.Realm) goja.Value {
	if v, ok := r.Value(languagesKey{}).(goja.Value); ok {
		return v
	}
	v := dom.Frozen(r, []goja.Value{r.Runtime().ToValue("en-US"), r.Runtime().ToValue("en")})
	r.SetValue(languagesKey{}, v)
	return v
}

// NavigatorObject is the global's navigator.
func (s *Scope) NavigatorObject() *goja.Object {
	if s.navigator == nil {
		s.navigator = idl.Wrap(s.Realm(), WorkerNavigator, &navigator{s.settings})
	}
	return s.navigator
}
