package fetchapi

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// ExtractBody is "extract a body" for other interfaces that send one
// (XMLHttpRequest, sendBeacon): the body and the MIME type it brings, empty for none.
func ExtractBody(c *idl.Call, v goja.Value) (*fetch.Body, string) {
	content, mimeType := extract(c, v, false)
	if content == nil || content.none() {
		return nil, mimeType
	}
	return content.take(), mimeType
}

// FormEntry is an entry of a form to be encoded: File is nil for a string.
type FormEntry struct {
	Name, Value string
	File        *File
}

// EncodeMultipart is the multipart/form-data encoding of a form's entries.
func EncodeMultipart(r *idl.Realm, entries []FormEntry) (body []byte, mimeType string) {
	form := &FormData{}
	for _, e := range entries {
		entry := formEntry{name: e.Name, value: e.Value}
		if e.File != nil {
			entry.file = NewFile(r, *e.File)
		}
		form.entries = append(form.entries, entry)
	}
	return form.encode(r)
}
