package fetchapi

import (
	"bytes"
	"errors"
	"strings"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

var errMultipart = errors.New("the body is not well-formed multipart/form-data")

// parseMultipart reads multipart/form-data.
//
// Source: https://andreubotella.github.io/multipart-form-data/#multipart-form-data-parser
func parseMultipart(r *idl.Realm, b []byte, boundary string) ([]formEntry, error) {
	if boundary == "" {
		return nil, errMultipart
	}
	delimiter := []byte("--" + boundary)
	for bytes.HasPrefix(b, []byte("\r\n")) {
		b = b[2:]
	}
	rest, ok := bytes.CutPrefix(b, delimiter)
	if !ok {
		return nil, errMultipart
	}
	delimiter = append([]byte("\r\n"), delimiter...)
	var entries []formEntry
	for { // rest begins behind a delimiter
		if string(bytes.TrimRight(rest, "\r\n \t")) == "--" {
			return entries, nil
		}
		if !bytes.HasPrefix(rest, []byte("\r\n")) {
			return nil, errMultipart
		}
		head, body, ok := bytes.Cut(rest, []byte("\r\n\r\n"))
		if !ok {
			return nil, errMultipart
		}
		content, after, ok := bytes.Cut(body, delimiter)
		if !ok {
			return nil, errMultipart
		}
		entry, err := partOf(r, string(head), content)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
		rest = after
	}
}

// partOf makes an entry of one part.
func partOf(r *idl.Realm, head string, content []byte) (formEntry, error) {
	var entry formEntry
	filename, isFile, named, fileType := "", false, false, "text/plain"
	for line := range strings.SplitSeq(head, "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		switch value = strings.Trim(value, " \t"); strings.ToLower(strings.TrimSpace(name)) {
		case "content-disposition":
			if !strings.HasPrefix(strings.ToLower(value), "form-data") {
				return entry, errMultipart
			}
			entry.name, named = dispositionParameter(value, "name")
			filename, isFile = dispositionParameter(value, "filename")
		case "content-type":
			fileType = value
		}
	}
	if !named {
		return entry, errMultipart
	}
	if !isFile {
		entry.value = DecodeUTF8(content)
		return entry, nil
	}
	entry.file = NewFile(r, File{Blob: Blob{Data: bytes.Clone(content), Type: fileType}, Name: filename, LastModified: r.Agent().Clock().Now().UnixMilli()})
	return entry, nil
}

// dispositionParameter reads name="…"; %0A, %0D and %22 stand for what cannot be
// in the quotes.
func dispositionParameter(value, name string) (string, bool) {
	rest := value
	for {
		i := strings.IndexByte(rest, ';')
		if i < 0 {
			return "", false
		}
		rest = strings.TrimLeft(rest[i+1:], " \t")
		quoted, ok := strings.CutPrefix(rest, name+`="`)
		if !ok {
			if j := strings.Index(rest, `="`); j >= 0 && !strings.Contains(rest[:j], ";") {
				// Skip the quoted value of another parameter.
				if k := strings.IndexByte(rest[j+2:], '"'); k >= 0 {
					rest = rest[j+2+k+1:]
				}
			}
			continue
		}
		content, _, ok := strings.Cut(quoted, `"`)
		if !ok {
			return "", false
		}
		return string(utf8Bytes(strings.NewReplacer("%0A", "\n", "%0a", "\n", "%0D", "\r", "%0d", "\r", "%22", `"`).Replace(content))), true
	}
}

// parseURLEncoded is the application/x-www-form-urlencoded parser.
//
// Source: https://url.spec.whatwg.org/#concept-urlencoded-parser
func parseURLEncoded(_ *idl.Realm, b []byte) []formEntry {
	var entries []formEntry
	for pair := range strings.SplitSeq(string(b), "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		entries = append(entries, formEntry{name: urlDecoded(name), value: urlDecoded(value)})
	}
	return entries
}

func urlDecoded(s string) string {
	return DecodeUTF8NoBOM(fetch.PercentDecode(strings.ReplaceAll(s, "+", " ")))
}
