package window

import (
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

var (
	xhrEventTarget = &idl.Interface{Name: "XMLHttpRequestEventTarget", Parent: dom.EventTarget, Members: handlers(xhrEvents...)}
	xhrUpload      = &idl.Interface{Name: "XMLHttpRequestUpload", Parent: xhrEventTarget}
	xmlHTTPRequest = &idl.Interface{Name: "XMLHttpRequest", Parent: xhrEventTarget, New: newXHR}
)

func theXHR(c *idl.Call) *xhr { return idl.This[*xhr](c) }

func xhrAttr(name string, get func(c *idl.Call, x *xhr) any) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value { return c.Value(get(c, theXHR(c))) }, nil)
}

func init() {
	xmlHTTPRequest.Members = append(handlers("readystatechange"),
		idl.Const("UNSENT", xhrUnsent), idl.Const("OPENED", xhrOpened), idl.Const("HEADERS_RECEIVED", xhrHeadersReceived),
		idl.Const("LOADING", xhrLoading), idl.Const("DONE", xhrDone),
		xhrAttr("readyState", func(_ *idl.Call, x *xhr) any { return x.state }),
		idl.Method("open", 2, func(c *idl.Call) goja.Value { theXHR(c).open(c); return nil }),
		idl.Method("setRequestHeader", 2, func(c *idl.Call) goja.Value { theXHR(c).setRequestHeader(c); return nil }),
		idl.Attr("timeout", func(c *idl.Call) goja.Value { return c.Value(theXHR(c).timeout.Milliseconds()) }, setXHRTimeout),
		idl.Attr("withCredentials", func(c *idl.Call) goja.Value { return c.Value(theXHR(c).credentials) }, setXHRCredentials),
		idl.Attr("upload", func(c *idl.Call) goja.Value { return theXHR(c).upload.Object() }, nil),
		idl.Method("send", 0, func(c *idl.Call) goja.Value { theXHR(c).send(c); return nil }),
		idl.Method("abort", 0, func(c *idl.Call) goja.Value { theXHR(c).abort(); return nil }),
		xhrAttr("responseURL", func(_ *idl.Call, x *xhr) any { return x.responseURL() }),
		xhrAttr("status", func(_ *idl.Call, x *xhr) any { return x.response.Status }),
		idl.Attr("statusText", func(c *idl.Call) goja.Value {
			return idl.FromByteString(c.Runtime(), theXHR(c).response.StatusText)
		}, nil),
		idl.Method("getResponseHeader", 1, func(c *idl.Call) goja.Value {
			v, ok := theXHR(c).response.Headers.Get(idl.ByteString(c, c.Arg(0)))
			if !ok {
				return goja.Null()
			}
			return idl.FromByteString(c.Runtime(), v)
		}),
		idl.Method("getAllResponseHeaders", 0, func(c *idl.Call) goja.Value {
			return idl.FromByteString(c.Runtime(), theXHR(c).allHeaders())
		}),
		idl.Method("overrideMimeType", 1, overrideMIMEType),
		idl.Attr("responseType", func(c *idl.Call) goja.Value { return c.Value(theXHR(c).responseType) }, setXHRResponseType),
		idl.Attr("response", func(c *idl.Call) goja.Value { return theXHR(c).responseValue() }, nil),
		idl.Attr("responseText", func(c *idl.Call) goja.Value {
			x := theXHR(c)
			if x.responseType != "" && x.responseType != "text" {
				panic(c.Exception("InvalidStateError", "The value is only accessible if the object's 'responseType' is '' or 'text' (was '%s').", x.responseType))
			}
			return c.Value(x.text())
		}, nil),
		idl.Attr("responseXML", func(c *idl.Call) goja.Value {
			x := theXHR(c)
			if x.responseType != "" && x.responseType != "document" {
				panic(c.Exception("InvalidStateError", "The value is only accessible if the object's 'responseType' is '' or 'document' (was '%s').", x.responseType))
			}
			if x.state != xhrDone {
				return goja.Null()
			}
			return x.document()
		}, nil),
	)
}

func setXHRTimeout(c *idl.Call) goja.Value {
	x := theXHR(c)
	if !x.async && x.state != xhrUnsent && env.Of(c.Realm.Realm).Kind == env.Window {
		panic(c.Exception("InvalidAccessError", "Timeouts cannot be set for synchronous requests made from a document."))
	}
	x.timeout = time.Duration(idl.UnsignedLong(c, c.Arg(0))) * time.Millisecond
	x.setTimer()
	return nil
}

func setXHRCredentials(c *idl.Call) goja.Value {
	x := theXHR(c)
	if x.state > xhrOpened || x.sent {
		panic(c.Exception("InvalidStateError", "The value may only be set if the object's state is UNSENT or OPENED."))
	}
	x.credentials = c.Bool(0)
	return nil
}

func setXHRResponseType(c *idl.Call) goja.Value {
	x, value := theXHR(c), c.String(0)
	inWindow := env.Of(c.Realm.Realm).Kind == env.Window
	if !slices.Contains([]string{"", "arraybuffer", "blob", "document", "json", "text"}, value) || value == "document" && !inWindow {
		return nil
	}
	if x.state == xhrLoading || x.state == xhrDone {
		panic(c.Exception("InvalidStateError", "The response type cannot be set if the object's state is LOADING or DONE."))
	}
	if inWindow && !x.async && x.state != xhrUnsent {
		panic(c.Exception("InvalidAccessError", "The response type cannot be changed for synchronous requests made from a document."))
	}
	x.responseType = value
	return nil
}

func overrideMIMEType(c *idl.Call) goja.Value {
	x := theXHR(c)
	if x.state == xhrLoading || x.state == xhrDone {
		panic(c.Exception("InvalidStateError", "MimeType cannot be overridden when the state is LOADING or DONE."))
	}
	m, ok := fetch.ParseMIMEType(c.String(0))
	if !ok {
		m = fetch.MIMEType{Type: "application", Subtype: "octet-stream"}
	}
	x.override = &m
	return nil
}

func (x *xhr) responseURL() string {
	u := x.response.URL()
	if u == nil {
		return ""
	}
	text, _, _ := strings.Cut(u.String(), "#")
	return text
}

// allHeaders is getAllResponseHeaders: sorted by name, values of a name joined.
func (x *xhr) allHeaders() string {
	var names []string
	for _, h := range x.response.Headers {
		if name := strings.ToLower(h.Name); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(strings.ToUpper(a), strings.ToUpper(b)) })
	var b strings.Builder
	for _, name := range names {
		v, _ := x.response.Headers.Get(name)
		b.WriteString(name + ": " + v + "\r\n")
	}
	return b.String()
}

// mime is the final MIME type: the overridden one or the response's.
func (x *xhr) mime() fetch.MIMEType {
	if x.override != nil {
		return *x.override
	}
	if m, ok := fetch.ExtractMIMEType(x.response.Headers); ok {
		return m
	}
	return fetch.MIMEType{Type: "text", Subtype: "xml"}
}

// text is the text response so far.
func (x *xhr) text() string {
	if x.state < xhrLoading || x.response.IsNetworkError() {
		return ""
	}
	label, ok := x.mime().Parameter("charset")
	if x.override != nil && !ok {
		if m, has := fetch.ExtractMIMEType(x.response.Headers); has {
			label, _ = m.Parameter("charset")
		}
	}
	if text, decoded := decodeAs(x.received, label); decoded {
		return text
	}
	return fetchapi.DecodeUTF8(x.received)
}

// responseValue is the response attribute.
func (x *xhr) responseValue() goja.Value {
	rt := x.Realm().Runtime()
	if x.responseType == "" || x.responseType == "text" {
		return rt.ToValue(x.text())
	}
	if x.state != xhrDone || x.response.IsNetworkError() {
		return goja.Null()
	}
	if x.object != nil {
		return x.object
	}
	switch x.responseType {
	case "arraybuffer":
		x.object = buffer.New(x.Realm(), slices.Clone(x.received))
	case "blob":
		x.object = fetchapi.NewBlob(x.Realm(), slices.Clone(x.received), x.mime().String())
	case "document":
		x.object = x.document()
	case "json":
		x.object = goja.Null()
		if err := x.Realm().Agent().Try(func() { x.object = fetchapi.ParseJSON(x.Realm(), x.received) }); err != nil {
			x.object = goja.Null()
		}
	}
	return x.object
}

// document is the document response; null for what is neither HTML nor XML.
func (x *xhr) document() goja.Value {
	m := x.mime()
	if x.response.IsNetworkError() || env.Of(x.Realm().Realm).Kind != env.Window || !m.IsHTML() && !m.IsXML() || m.IsHTML() && x.responseType == "" {
		return goja.Null()
	}
	if x.object == nil || goja.IsNull(x.object) {
		d := parsedDocument(documentOf(x.Realm()), x.text(), m.Essence())
		if u := x.response.URL(); u != nil {
			d.url, d.creation = u, u
		}
		x.object = d.node().Object()
	}
	return x.object
}
