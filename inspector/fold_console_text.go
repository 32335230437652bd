package inspector

import (
	"strings"

	"github.com/chromedp/cdproto/cdp/jsonv2"
)

// wireObject is a Runtime.RemoteObject as far as its text goes.
type wireObject struct {
	Type                string       `json:"type"`
	Subtype             string       `json:"subtype"`
	Value               jsonv2.Value `json:"value"`
	UnserializableValue string       `json:"unserializableValue"`
	Description         string       `json:"description"`
	Preview             *wirePreview `json:"preview"`
}

type wirePreview struct {
	Subtype    string `json:"subtype"`
	Overflow   bool   `json:"overflow"`
	Properties []*struct {
		Name  string `json:"name"`
		Value string `json:"value"`
		Type  string `json:"type"`
	} `json:"properties"`
}

// text is an object as a console shows it.
func (o *wireObject) text() string {
	if o == nil {
		return ""
	}
	if o.Type == "string" {
		if s, ok := decode[string](o.Value); ok {
			return s
		}
	}
	switch {
	case o.UnserializableValue != "":
		return o.UnserializableValue
	case o.Type == "undefined":
		return "undefined"
	case o.Preview != nil && o.Subtype != "error":
		return o.Preview.text()
	case o.Description != "":
		return o.Description
	case len(o.Value) > 0:
		return string(o.Value)
	}
	return o.Type
}

func (p *wirePreview) text() string {
	open, end := "{", "}"
	if p.Subtype == "array" {
		open, end = "[", "]"
	}
	var parts []string
	for _, x := range p.Properties {
		if x == nil {
			continue
		}
		value := x.Value
		if x.Type == "string" {
			value = `"` + value + `"`
		}
		if p.Subtype != "array" {
			value = x.Name + ": " + value
		}
		parts = append(parts, value)
	}
	if p.Overflow {
		parts = append(parts, "…")
	}
	return open + strings.Join(parts, ", ") + end
}

// consoleText joins the arguments of a console call; the format directives
// %s %d %i %f %o %O %c of a first string are filled in (Console Standard,
// Formatter).
func consoleText(args []*wireObject) string {
	if len(args) == 0 {
		return ""
	}
	first, rest := args[0].text(), args[1:]
	if args[0] != nil && args[0].Type == "string" && strings.Contains(first, "%") {
		first, rest = formatDirectives(first, rest)
	}
	parts := []string{first}
	for _, a := range rest {
		parts = append(parts, a.text())
	}
	return strings.Join(parts, " ")
}

func formatDirectives(format string, args []*wireObject) (string, []*wireObject) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		switch c := format[i+1]; {
		case c == '%':
			b.WriteByte('%')
		case strings.IndexByte("sdifoOc", c) >= 0 && len(args) > 0:
			if c != 'c' { // a style shows nothing
				b.WriteString(args[0].text())
			}
			args = args[1:]
		default:
			b.WriteByte('%')
			continue
		}
		i++
	}
	return b.String(), args
}
