package fetch

import (
	"slices"
	"strings"
)

// Header is one name and value, as they were sent.
type Header struct{ Name, Value string }

// HeaderList is a header list: ordered, names compared without case, one entry
// per line sent.
//
// Source: https://fetch.spec.whatwg.org/#concept-header-list
type HeaderList []Header

// Has reports whether the list contains name.
func (l HeaderList) Has(name string) bool {
	return slices.ContainsFunc(l, func(h Header) bool { return strings.EqualFold(h.Name, name) })
}

// Get is all values of name joined by ", ", and whether there is any.
func (l HeaderList) Get(name string) (string, bool) {
	value, found := "", false
	for _, h := range l {
		if !strings.EqualFold(h.Name, name) {
			continue
		}
		if found {
			value += ", " + h.Value
		} else {
			value, found = h.Value, true
		}
	}
	return value, found
}

// Append adds a line, spelling name as an entry of that name already is.
func (l *HeaderList) Append(name, value string) {
	for _, h := range *l {
		if strings.EqualFold(h.Name, name) {
			name = h.Name
			break
		}
	}
	*l = append(*l, Header{name, value})
}

// Delete removes every line of name.
func (l *HeaderList) Delete(name string) {
	*l = slices.DeleteFunc(*l, func(h Header) bool { return strings.EqualFold(h.Name, name) })
}

// Set makes value the only value of name, in the place of its first line.
func (l *HeaderList) Set(name, value string) {
	for i, h := range *l {
		if strings.EqualFold(h.Name, name) {
			(*l)[i].Value = value
			rest := HeaderList((*l)[i+1:])
			rest.Delete(name)
			*l = (*l)[:i+1+len(rest)]
			return
		}
	}
	*l = append(*l, Header{name, value})
}

// Clone is a copy that shares nothing.
func (l HeaderList) Clone() HeaderList { return slices.Clone(l) }
