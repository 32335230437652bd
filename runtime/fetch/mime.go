package fetch

import "strings"

// MIMEType is a MIME type record: type and subtype in lower case, parameters in order.
//
// Source: https://mimesniff.spec.whatwg.org/#mime-type
type MIMEType struct {
	Type, Subtype string
	Parameters    []MIMEParameter
}

// MIMEParameter is one parameter; its name is in lower case.
type MIMEParameter struct{ Name, Value string }

// Essence is "type/subtype".
func (t MIMEType) Essence() string { return t.Type + "/" + t.Subtype }

// Parameter is the value of a parameter.
func (t MIMEType) Parameter(name string) (string, bool) {
	for _, p := range t.Parameters {
		if p.Name == name {
			return p.Value, true
		}
	}
	return "", false
}

// SetParameter sets or adds a parameter.
func (t *MIMEType) SetParameter(name, value string) {
	for i := range t.Parameters {
		if t.Parameters[i].Name == name {
			t.Parameters[i].Value = value
			return
		}
	}
	t.Parameters = append(t.Parameters, MIMEParameter{name, value})
}

// String serialises the type.
func (t MIMEType) String() string {
	var b strings.Builder
	b.WriteString(t.Essence())
	for _, p := range t.Parameters {
		b.WriteString(";" + p.Name + "=")
		if isToken(p.Value) {
			b.WriteString(p.Value)
			continue
		}
		b.WriteByte('"')
		for i := 0; i < len(p.Value); i++ {
			if c := p.Value[i]; c == '"' || c == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(p.Value[i])
		}
		b.WriteByte('"')
	}
	return b.String()
}

// IsJavaScript reports a JavaScript MIME type.
func (t MIMEType) IsJavaScript() bool {
	switch t.Essence() {
	case "application/ecmascript", "application/javascript", "application/x-ecmascript", "application/x-javascript",
		"text/ecmascript", "text/javascript", "text/javascript1.0", "text/javascript1.1", "text/javascript1.2",
		"text/javascript1.3", "text/javascript1.4", "text/javascript1.5", "text/jscript", "text/livescript",
		"text/x-ecmascript", "text/x-javascript":
		return true
	}
	return false
}

// IsJSON reports a JSON MIME type.
func (t MIMEType) IsJSON() bool {
	return strings.HasSuffix(t.Subtype, "+json") || t.Essence() == "application/json" || t.Essence() == "text/json"
}

// IsXML reports an XML MIME type.
func (t MIMEType) IsXML() bool {
	return strings.HasSuffix(t.Subtype, "+xml") || t.Essence() == "text/xml" || t.Essence() == "application/xml"
}

// IsHTML reports text/html.
func (t MIMEType) IsHTML() bool { return t.Essence() == "text/html" }

const httpWhitespace = " \t\r\n"

// ParseMIMEType parses a MIME type; false for failure.
//
// Source: https://mimesniff.spec.whatwg.org/#parse-a-mime-type
func ParseMIMEType(input string) (MIMEType, bool) {
	input = strings.Trim(input, httpWhitespace)
	typ, rest, found := strings.Cut(input, "/")
	if !found || !isToken(typ) {
		return MIMEType{}, false
	}
	end := strings.IndexByte(rest, ';')
	if end < 0 {
		end = len(rest)
	}
	subtype := strings.TrimRight(rest[:end], httpWhitespace)
	if !isToken(subtype) {
		return MIMEType{}, false
	}
	t := MIMEType{Type: strings.ToLower(typ), Subtype: strings.ToLower(subtype)}
	t.parseParameters(rest[end:])
	return t, true
}

// parseParameters reads ";name=value" as often as it comes; what does not parse
// is left out.
func (t *MIMEType) parseParameters(rest string) {
	for rest != "" {
		rest = strings.TrimLeft(rest[1:], httpWhitespace) // the ";"
		end := strings.IndexAny(rest, ";=")
		if end < 0 {
			return
		}
		name := strings.ToLower(rest[:end])
		if rest[end] == ';' {
			rest = rest[end:]
			continue
		}
		rest = rest[end+1:]
		var value string
		quoted := strings.HasPrefix(rest, `"`)
		if quoted {
			value, rest = collectQuoted(rest)
			if next := strings.IndexByte(rest, ';'); next >= 0 {
				rest = rest[next:]
			} else {
				rest = ""
			}
		} else {
			next := strings.IndexByte(rest, ';')
			if next < 0 {
				next = len(rest)
			}
			value, rest = strings.TrimRight(rest[:next], httpWhitespace), rest[next:]
		}
		if _, known := t.Parameter(name); !known && isToken(name) && quotableValue(value) && (quoted || value != "") {
			t.Parameters = append(t.Parameters, MIMEParameter{name, value})
		}
	}
}

// collectQuoted takes an HTTP quoted string off s, which begins with its quote.
func collectQuoted(s string) (value, rest string) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:]
		case '\\':
			if i+1 == len(s) {
				b.WriteByte('\\')
				return b.String(), ""
			}
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// quotableValue reports whether all are HTTP quoted-string token code points; s
// may be bytes or UTF-8 (U+0080 to U+00FF).
func quotableValue(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 && c != '\t' || c == 0x7F {
			return false
		}
	}
	return true
}

// ExtractMIMEType is the MIME type of Content-Type headers: the last that parses,
// with the charset of those before it of the same essence.
//
// Source: https://fetch.spec.whatwg.org/#concept-header-extract-mime-type
func ExtractMIMEType(l HeaderList) (MIMEType, bool) {
	values, ok := GetDecodeSplit(l, "Content-Type")
	if !ok {
		return MIMEType{}, false
	}
	var result MIMEType
	charset, essence, found := "", "", false
	for _, v := range values {
		t, ok := ParseMIMEType(v)
		if !ok || t.Essence() == "*/*" {
			continue
		}
		result, found = t, true
		given, has := t.Parameter("charset")
		if t.Essence() != essence {
			charset = ""
			if has {
				charset = given
			}
			essence = t.Essence()
		} else if !has && charset != "" {
			result.SetParameter("charset", charset)
		}
	}
	return result, found
}

// GetDecodeSplit is the values of a header, split at commas outside of quoted strings.
//
// Source: https://fetch.spec.whatwg.org/#concept-header-list-get-decode-split
func GetDecodeSplit(l HeaderList, name string) ([]string, bool) {
	value, ok := l.Get(name)
	if !ok {
		return nil, false
	}
	var values []string
	start := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '"':
			i = skipQuoted(value, i)
		case ',':
			values = append(values, strings.Trim(value[start:i], " \t"))
			start = i + 1
		}
	}
	return append(values, strings.Trim(value[start:], " \t")), true
}

// skipQuoted is the index of the last byte of the quoted string that begins at i.
func skipQuoted(s string, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(s)
}
