package fetchapi

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// FormData is the implementation of a FormData object: its entry list.
type FormData struct{ entries []formEntry }

// formEntry is one entry: a string, or a File object.
type formEntry struct {
	name  string
	value string
	file  *goja.Object
}

func (e formEntry) toValue(rt *goja.Runtime) goja.Value {
	if e.file != nil {
		return e.file
	}
	return rt.ToValue(e.value)
}

// FormDataInterface is the interface FormData.
//
// Source: https://xhr.spec.whatwg.org/#interface-formdata
var FormDataInterface = &idl.Interface{
	Name: "FormData",
	New: func(c *idl.Call) any {
		if !c.Has(0) {
			return &FormData{}
		}
		source, ok := idl.Unwrap[FormElement](c.Arg(0))
		if !ok {
			panic(c.Fail("parameter 1 is not of type 'HTMLFormElement'."))
		}
		form := &FormData{}
		for _, e := range source.FormEntries() {
			form.entries = append(form.entries, formEntry{name: e[0], value: e[1]})
		}
		return form
	},
	Members: []idl.Member{
		idl.Method("append", 2, func(c *idl.Call) goja.Value {
			form := idl.This[*FormData](c)
			form.entries = append(form.entries, entryOf(c))
			return nil
		}),
		idl.Method("delete", 1, func(c *idl.Call) goja.Value {
			form, name := idl.This[*FormData](c), scalar(c.String(0))
			form.entries = slices.DeleteFunc(form.entries, func(e formEntry) bool { return e.name == name })
			return nil
		}),
		idl.Method("get", 1, func(c *idl.Call) goja.Value {
			form, name := idl.This[*FormData](c), scalar(c.String(0))
			for _, e := range form.entries {
				if e.name == name {
					return e.toValue(c.Runtime())
				}
			}
			return goja.Null()
		}),
		idl.Method("getAll", 1, func(c *idl.Call) goja.Value {
			form, name, all := idl.This[*FormData](c), scalar(c.String(0)), []any{}
			for _, e := range form.entries {
				if e.name == name {
					all = append(all, e.toValue(c.Runtime()))
				}
			}
			return c.Runtime().NewArray(all...)
		}),
		idl.Method("has", 1, func(c *idl.Call) goja.Value {
			form, name := idl.This[*FormData](c), scalar(c.String(0))
			return c.Value(slices.ContainsFunc(form.entries, func(e formEntry) bool { return e.name == name }))
		}),
		idl.Method("set", 2, formDataSet),
		idl.Pairs("FormData", func(c *idl.Call, impl goja.Value, i int) (goja.Value, goja.Value, bool) {
			form, ok := idl.Unwrap[*FormData](impl)
			if !ok {
				panic(idl.TypeError(c.Realm, "Illegal invocation"))
			}
			if i >= len(form.entries) {
				return nil, nil, false
			}
			return c.Value(form.entries[i].name), form.entries[i].toValue(c.Runtime()), true
		}),
	},
}

// FormElement is a form that FormData can be made of: names and values of its
// successful controls.
type FormElement interface{ FormEntries() [][2]string }

func formDataSet(c *idl.Call) goja.Value {
	form, entry := idl.This[*FormData](c), entryOf(c)
	first := slices.IndexFunc(form.entries, func(e formEntry) bool { return e.name == entry.name })
	if first < 0 {
		form.entries = append(form.entries, entry)
		return nil
	}
	rest := slices.DeleteFunc(form.entries[first+1:], func(e formEntry) bool { return e.name == entry.name })
	form.entries[first] = entry
	form.entries = form.entries[:first+1+len(rest)]
	return nil
}

// entryOf is "create an entry" from append's or set's arguments: a Blob becomes a
// File called blob, or what the file name says.
func entryOf(c *idl.Call) formEntry {
	name := scalar(c.String(0))
	blob, isBlob := idl.Unwrap[BlobLike](c.Arg(1))
	if !isBlob {
		if len(c.Args) > 2 {
			panic(c.Fail("parameter 2 is not of type 'Blob'."))
		}
		return formEntry{name: name, value: scalar(c.String(1))}
	}
	file, isFile := blob.(*File)
	if isFile && !c.Has(2) {
		return formEntry{name: name, file: c.Arg(1).(*goja.Object)}
	}
	made := File{Blob: *blob.BlobOf(), Name: "blob", LastModified: c.Realm.Agent().Clock().Now().UnixMilli()}
	if isFile {
		made.LastModified = file.LastModified
	}
	if c.Has(2) {
		made.Name = scalar(c.String(2))
	}
	return formEntry{name: name, file: NewFile(c.Realm, made)}
}

// encode is the multipart/form-data encoding algorithm: the body and its type.
//
// Source: https://html.spec.whatwg.org/#multipart-form-data
func (f *FormData) encode(r *idl.Realm) (body []byte, mimeType string) {
	boundary := "----WebKitFormBoundary" + randomName(r, 16)
	var b strings.Builder
	for _, e := range f.entries {
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=\"%s\"", boundary, escapeName(newlines(e.name)))
		if e.file == nil {
			b.WriteString("\r\n\r\n" + newlines(e.value) + "\r\n")
			continue
		}
		file, _ := idl.Unwrap[*File](e.file)
		fileType := file.Type
		if fileType == "" {
			fileType = "application/octet-stream"
		}
		fmt.Fprintf(&b, "; filename=\"%s\"\r\nContent-Type: %s\r\n\r\n", escapeName(file.Name), fileType)
		b.Write(file.Data)
		b.WriteString("\r\n")
	}
	b.WriteString("--" + boundary + "--\r\n")
	return []byte(b.String()), "multipart/form-data; boundary=" + boundary
}

func newlines(s string) string {
	return strings.ReplaceAll(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s), "\n", "\r\n")
}

func escapeName(s string) string {
	return strings.NewReplacer("\n", "%0A", "\r", "%0D", `"`, "%22").Replace(s)
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// randomName is made of the realm's own Math.random, so that seeded runs repeat.
func randomName(r *idl.Realm, n int) string {
	random := stateOf(r).random
	name := make([]byte, n)
	for i := range name {
		f := 0.0
		if v, err := r.Agent().Call(random, goja.Undefined()); err == nil {
			f = v.ToFloat()
		}
		name[i] = letters[int(f*float64(len(letters)))%len(letters)]
	}
	return string(name)
}
