package devtools

import (
	"bytes"
	"reflect"
	"strings"

	cdproto "github.com/chromedp/cdproto/cdp"
)

// full is a result as Chromium writes it: cdproto tags every field of a result as
// optional, and would leave out the empty lists, zeros and falses that clients read.
// A nil list or pointer and an empty string are left out all the same.
type full[R any] struct{ result R }

// MarshalJSON is json.Marshaler's.
func (f full[R]) MarshalJSON() ([]byte, error) {
	v := reflect.ValueOf(f.result)
	if v.Kind() != reflect.Struct {
		return encode(f.result)
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if field := v.Field(i); name == "" || name == "-" || leftOut(field) {
			continue
		}
		raw, err := encode(v.Field(i).Interface())
		if err != nil {
			return nil, err
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + name + `":`)
		b.Write(raw)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func leftOut(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Pointer, reflect.Map, reflect.Interface:
		return v.IsNil()
	case reflect.String:
		return v.Len() == 0 && v.Type() != reflect.TypeFor[text]()
	}
	return false
}

// text is a string of a result that is there even when empty.
type text string

// filled is the command with the result as Chromium writes it.
func filled[P, R any](c cdproto.Command[P, R]) cdproto.Command[P, full[R]] {
	return cdproto.Command[P, full[R]](c)
}
