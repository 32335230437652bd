package serviceworker

import (
	"github.com/dop251/goja"
	urlpattern "github.com/dunglas/go-urlpattern"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// patternLike is the implementation of a URLPattern object, wherever it is made.
type patternLike interface{ URLPattern() *urlpattern.URLPattern }

// urlPattern converts URLPatternCompatible: a URLPattern, a URLPatternInit or a string.
func urlPattern(c *idl.Call, v goja.Value) *runtime.URLPatternInput {
	if p, ok := idl.Unwrap[patternLike](v); ok {
		return &runtime.URLPatternInput{Pattern: p.URLPattern()}
	}
	if _, object := v.(*goja.Object); !object && !idl.IsNullish(v) {
		text := idl.ToString(c, v)
		return &runtime.URLPatternInput{Text: &text}
	}
	d := idl.ToDict(c, v)
	init := &urlpattern.URLPatternInit{}
	for _, member := range []struct {
		name string
		to   **string
	}{
		{"baseURL", &init.BaseURL}, {"hash", &init.Hash}, {"hostname", &init.Hostname}, {"password", &init.Password}, {"pathname", &init.Pathname},
		{"port", &init.Port}, {"protocol", &init.Protocol}, {"search", &init.Search}, {"username", &init.Username},
	} {
		if value, ok := d.Get(member.name); ok {
			text := idl.ToString(c, value)
			*member.to = &text
		}
	}
	return &runtime.URLPatternInput{Init: init}
}
