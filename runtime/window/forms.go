package window

import (
	"net/url"
	"strings"
	"time"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// activationLasts is how long transient activation lasts.
const activationLasts = 5 * time.Second

func splitFeatures(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ',' || r == ' ' || r == '=' })
}

// submit is form submission: a navigation by GET or POST.
func (w *Node) submit(by *Node) {
	d := w.doc
	if d.gone || !w.connected() {
		return
	}
	action, method, enctype, target := w.attribute("action"), w.attribute("method"), w.attribute("enctype"), w.attribute("target")
	if by != nil {
		action, method = firstOf(by.attribute("formaction"), action), firstOf(by.attribute("formmethod"), method)
		enctype, target = firstOf(by.attribute("formenctype"), enctype), firstOf(by.attribute("formtarget"), target)
	}
	u := d.url
	if strings.TrimSpace(action) != "" {
		if u = d.resolve(action); u == nil {
			return
		}
	}
	f := d.chooseFrame(target)
	if f == nil {
		p := d.openPage(aboutBlank, target, false)
		f = p.main
	}
	n := navigation{url: u, source: d}
	if strings.EqualFold(method, "post") {
		n.method = "POST"
		n.body, n.mime = encodeForm(d.realm, w.entries(by), strings.ToLower(enctype))
	} else if strings.EqualFold(method, "dialog") {
		return
	} else if u.IsHTTP() {
		base, _, _ := strings.Cut(u.WithoutFragment(), "?")
		to, err := fetch.ParseURL(base+"?"+urlEncode(w.entries(by)), nil)
		if err != nil {
			return
		}
		n.url = to
	}
	if f.container != nil {
		f.container.navigated = true
	}
	f.start(n)
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func urlEncode(entries []formEntry) string {
	var b strings.Builder
	for i, e := range entries {
		if i > 0 {
			b.WriteByte('&')
		}
		value := e.value
		if e.file != nil {
			value = e.file.Name
		}
		b.WriteString(url.QueryEscape(e.name) + "=" + url.QueryEscape(value))
	}
	return b.String()
}

// encodeForm is a body and its MIME type for an enctype.
func encodeForm(r *idl.Realm, entries []formEntry, enctype string) (body []byte, mime string) {
	switch enctype {
	case "multipart/form-data":
		list := make([]fetchapi.FormEntry, 0, len(entries))
		for _, e := range entries {
			list = append(list, fetchapi.FormEntry{Name: e.name, Value: e.value, File: e.file})
		}
		return fetchapi.EncodeMultipart(r, list)
	case "text/plain":
		var b strings.Builder
		for _, e := range entries {
			b.WriteString(e.name + "=" + e.value + "\r\n")
		}
		return []byte(b.String()), "text/plain"
	}
	return []byte(urlEncode(entries)), "application/x-www-form-urlencoded"
}

// FormEntries are a form's entries for new FormData(form).
func (w *Node) FormEntries() [][2]string {
	var pairs [][2]string
	for _, e := range w.entries(nil) {
		pairs = append(pairs, [2]string{e.name, e.value})
	}
	return pairs
}
