package session

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// arg is an argument, undefined when it was not given.
func (c *call) arg(i int) goja.Value {
	if i < len(c.args) {
		return c.args[i]
	}
	return goja.Undefined()
}

func (c *call) has(i int) bool { return i < len(c.args) && !goja.IsUndefined(c.args[i]) }

// fail throws a TypeError about the call.
func (c *call) fail(format string, args ...any) {
	panic(c.f.rt.NewTypeError(c.name + ": " + fmt.Sprintf(strings.ReplaceAll(format, "%w", "%v"), args...)))
}

// text is a string argument; what is what it is called in errors.
func (c *call) text(i int, what string) string {
	s, ok := c.arg(i).Export().(string)
	if !ok || !c.has(i) {
		c.fail("%s must be a string, not %s", what, c.f.shown(c.arg(i)))
	}
	return s
}

// textOr is a string argument that may be left out.
func (c *call) textOr(i int, what, otherwise string) string {
	if !c.has(i) {
		return otherwise
	}
	return c.text(i, what)
}

// flag is a boolean argument that may be left out.
func (c *call) flag(i int, otherwise bool) bool {
	if !c.has(i) {
		return otherwise
	}
	return c.arg(i).ToBoolean()
}

// function is an argument that is a function.
func (c *call) function(i int, what string) goja.Callable {
	fn, ok := goja.AssertFunction(c.arg(i))
	if !ok {
		c.fail("%s must be a function, not %s", what, c.f.shown(c.arg(i)))
	}
	return fn
}

// options reads an object with the fields of a struct into it. A field that the struct
// does not have is an error: it would be ignored in silence.
func (c *call) options(i int, into any) {
	c.decode(c.arg(i), "options", into)
}

func (c *call) decode(v goja.Value, what string, into any) {
	if goja.IsUndefined(v) || goja.IsNull(v) {
		return
	}
	if _, ok := v.(*goja.Object); !ok {
		c.fail("%s must be an object, not %s", what, c.f.shown(v))
	}
	data, ok := c.f.json(v)
	if !ok {
		c.fail("%s must be an object", what)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		text := strings.TrimPrefix(err.Error(), "json: ")
		if name, ok := strings.CutPrefix(text, "unknown field "); ok {
			text = "there is no " + strings.Trim(name, `"`) + " in " + what + fieldsOf(into)
		}
		c.fail("%s", text)
	}
}

// fieldsOf lists what options have, for the message about one they have not.
func fieldsOf(into any) string {
	names := jsonNames(into)
	if len(names) == 0 {
		return ""
	}
	return ": " + strings.Join(names, ", ")
}

// span is a duration in a script: milliseconds, or text.
type span time.Duration

// UnmarshalJSON reads a number of milliseconds or text such as "1.5s", "24h", "7d".
func (s *span) UnmarshalJSON(data []byte) error {
	var ms float64
	if json.Unmarshal(data, &ms) == nil {
		*s = span(ms * float64(time.Millisecond))
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("a time is a number of milliseconds or text such as '5s', not %s", data)
	}
	d, err := parseSpan(text)
	*s = span(d)
	return err
}

func parseSpan(text string) (time.Duration, error) {
	var total time.Duration
	rest := text
	if i := strings.IndexByte(text, 'd'); i > 0 {
		var days float64
		if _, err := fmt.Sscanf(text[:i], "%g", &days); err != nil {
			return 0, notSpan(text)
		}
		total, rest = time.Duration(days*24*float64(time.Hour)), text[i+1:]
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil {
			return 0, notSpan(text)
		}
		total += d
	}
	return total, nil
}

func notSpan(text string) error {
	return fmt.Errorf("%q is no time: write milliseconds, or '500ms', '5s', '2m', '24h', '7d'", text)
}

// duration is an argument that is a time.
func (c *call) duration(i int, what string) time.Duration {
	var s span
	data, ok := c.f.json(c.arg(i))
	if !ok {
		c.fail("%s must be a time: milliseconds, or '5s'", what)
	}
	if err := s.UnmarshalJSON(data); err != nil {
		c.fail("%v", err)
	}
	return time.Duration(s)
}

// jsonNames are the names that a struct has in JSON.
func jsonNames(v any) []string {
	t := reflect.TypeOf(v)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Anonymous {
			names = append(names, jsonNames(reflect.New(field.Type).Interface())...)
			continue
		}
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}
