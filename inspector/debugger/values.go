package debugger

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/swinspect/swinspect/cdp"
)

// shownObject is a value of the wire as it is shown.
func shownObject(o *wireObject) *Value {
	v := valueOf(o)
	return &v
}

func valueOf(o *wireObject) Value {
	if o == nil {
		return Value{Type: "undefined", Text: "undefined"}
	}
	v := Value{Type: o.Type, Subtype: o.Subtype, Class: o.Class, Text: describe(o), Object: o.ObjectID}
	if o.ObjectID == "" {
		v.JSON = o.Value
	}
	return v
}

// longText bounds what is shown of a string.
const longText = 2000

// describe is a value in one line (an error's stack in several).
func describe(o *wireObject) string {
	switch o.Type {
	case "undefined":
		return "undefined"
	case "string":
		var s string
		if json.Unmarshal(o.Value, &s) != nil {
			s = o.Description
		}
		return quote(s)
	case "function":
		return functionText(o.Description)
	case "object":
		switch {
		case o.Subtype == "null":
			return "null"
		case o.Preview != nil:
			return glance(o.Preview, 0)
		case o.Description != "":
			return clip(o.Description, longText)
		}
		return o.Class
	}
	switch {
	case o.Unserializable != "":
		return o.Unserializable
	case o.Description != "":
		return o.Description
	}
	return string(o.Value)
}

// quote is a string as it is written in JavaScript.
func quote(s string) string {
	s = clip(s, longText)
	text := strconv.Quote(s)
	text = strings.ReplaceAll(text[1:len(text)-1], `\"`, `"`)
	return "'" + strings.ReplaceAll(text, "'", `\'`) + "'"
}

// functionText is the head of a function.
func functionText(source string) string {
	head := firstLine(source)
	if strings.HasPrefix(head, "class") {
		head, _, _ = strings.Cut(head, "{")
		return strings.TrimSpace(head)
	}
	if i := strings.Index(head, ") {"); i >= 0 {
		head = head[:i+1]
	} else if i := strings.Index(head, "=>"); i >= 0 {
		head = strings.TrimSpace(head[:i]) + " => …"
	}
	return clip("ƒ "+strings.TrimPrefix(strings.TrimPrefix(head, "function "), "ƒ "), 120)
}

// telling are the properties that say most of a platform object, in their order.
var telling = map[string][]string{
	"Response": {"status", "url"}, "Request": {"method", "url"}, "URL": {"href"}, "FetchEvent": {"type"},
	"WindowClient": {"url"}, "Client": {"url"}, "ServiceWorker": {"state", "scriptURL"},
	"ServiceWorkerRegistration": {"scope"}, "MessageEvent": {"type"}, "PushEvent": {"type"},
	"InstallEvent": {"type"}, "ExtendableEvent": {"type"}, "SyncEvent": {"tag"}, "Blob": {"size", "type"},
	"Notification": {"title"}, "AbortSignal": {"aborted"},
}

// glance is a preview in one line.
func glance(p *wirePreview, depth int) string {
	switch p.Subtype {
	case "error", "date", "regexp":
		return clip(p.Description, longText)
	case "null":
		return "null"
	}
	if names := telling[p.Description]; names != nil {
		if text := tell(p, names); text != "" {
			return p.Description + " " + text
		}
	}
	var parts []string
	for _, x := range p.Properties {
		text := x.Value
		switch {
		case x.Type == "string":
			text = quote(x.Value)
		case x.Type == "accessor":
			text = "(…)"
		case x.Type == "function":
			text = "ƒ"
		case x.Preview != nil && depth < 2:
			text = glance(x.Preview, depth+1)
		}
		if p.Subtype == "array" || p.Subtype == "typedarray" {
			if _, err := strconv.Atoi(x.Name); err == nil {
				parts = append(parts, text)
				continue
			}
		}
		parts = append(parts, x.Name+": "+text)
	}
	for _, e := range p.Entries {
		text := ""
		if e.Key != nil {
			text = entryText(e.Key, depth) + " → "
		}
		if e.Value != nil {
			text += entryText(e.Value, depth)
		}
		parts = append(parts, text)
	}
	if p.Overflow {
		parts = append(parts, "…")
	}
	body := strings.Join(parts, ", ")
	switch {
	case p.Subtype == "array" || p.Subtype == "typedarray":
		if n := strings.IndexByte(p.Description, '('); n >= 0 {
			return strings.TrimPrefix(p.Description, "Array") + " [" + body + "]"
		}
		return "[" + body + "]"
	case p.Description == "Object" || p.Description == "":
		return "{" + body + "}"
	case body == "":
		return p.Description
	}
	return p.Description + " {" + body + "}"
}

func entryText(p *wirePreview, depth int) string {
	if p.Type == "string" {
		return quote(p.Description)
	}
	if depth > 1 || p.Type != "object" {
		return p.Description
	}
	return glance(p, depth+1)
}

// tell is what some properties of a preview say.
func tell(p *wirePreview, names []string) string {
	var parts []string
	for _, name := range names {
		for _, x := range p.Properties {
			if x.Name == name && x.Value != "" {
				parts = append(parts, x.Value)
			}
		}
	}
	return strings.Join(parts, " ")
}

// asCallError is what the browser answered, when it answered with an error.
func asCallError(err error) (string, bool) {
	if call, ok := errors.AsType[*cdp.CallError](err); ok {
		return call.Message, true
	}
	return "", false
}

// wrap says what was attempted.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	if text, ok := asCallError(err); ok && (strings.Contains(text, "Could not find object") || strings.Contains(text, "Invalid remote object id")) {
		return ErrStaleValue
	}
	if errors.Is(err, errThreadGone) {
		return ErrNoThread
	}
	return fmt.Errorf("debugger: %s: %w", what, err)
}
