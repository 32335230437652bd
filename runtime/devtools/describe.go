package devtools

import (
	"reflect"
	"slices"
	"strings"

	cdproto "github.com/chromedp/cdproto/cdp"
)

// domainDescription is a domain in /json/protocol: clients such as
// chrome-remote-interface make their functions from it.
type domainDescription struct {
	Domain   string               `json:"domain"`
	Commands []commandDescription `json:"commands"`
	Events   []commandDescription `json:"events"`
	Types    []any                `json:"types"`
}

type commandDescription struct {
	Name       string             `json:"name"`
	Parameters []fieldDescription `json:"parameters,omitempty"`
	Returns    []fieldDescription `json:"returns,omitempty"`
}

type fieldDescription struct {
	Name     string            `json:"name"`
	Optional bool              `json:"optional,omitempty"`
	Type     string            `json:"type"`
	Items    map[string]string `json:"items,omitempty"`
}

func (t *table) domain(method string) (*domainDescription, string) {
	name, rest, _ := strings.Cut(method, ".")
	d := t.domains[name]
	if d == nil {
		d = &domainDescription{Domain: name, Commands: []commandDescription{}, Events: []commandDescription{}, Types: []any{}}
		t.domains[name] = d
	}
	return d, rest
}

func describe[P, R any](t *table, method string) {
	d, name := t.domain(method)
	d.Commands = append(d.Commands, commandDescription{name, fieldsOf(reflect.TypeFor[P]()), fieldsOf(reflect.TypeFor[R]())})
}

// eventOf describes an event that sessions of the table may get.
func eventOf[E any](t *table, e cdproto.Event[E]) {
	d, name := t.domain(e.Method)
	d.Events = append(d.Events, commandDescription{Name: name, Parameters: fieldsOf(reflect.TypeFor[E]())})
}

func fieldsOf(t reflect.Type) []fieldDescription {
	if t.Kind() != reflect.Struct {
		return nil
	}
	var fields []fieldDescription
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		f := fieldDescription{Name: name, Optional: strings.Contains(options, "omit"), Type: typeOf(t.Field(i).Type)}
		if f.Type == "array" {
			f.Items = map[string]string{"type": typeOf(t.Field(i).Type.Elem())}
		}
		fields = append(fields, f)
	}
	return fields
}

func typeOf(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint64:
		return "integer"
	case reflect.Float64, reflect.Float32:
		return "number"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "any" // a JSON value
		}
		return "array"
	}
	return "object"
}

// protocolDescription is all tables in one.
func (s *Server) protocolDescription() any {
	all := map[string]*domainDescription{}
	for _, t := range []*table{s.tables.browser, s.tables.page, s.tables.serviceWorker, s.tables.worker} {
		for name, d := range t.domains {
			into := all[name]
			if into == nil {
				into = &domainDescription{Domain: name, Commands: []commandDescription{}, Events: []commandDescription{}, Types: []any{}}
				all[name] = into
			}
			into.Commands = merge(into.Commands, d.Commands)
			into.Events = merge(into.Events, d.Events)
		}
	}
	domains := make([]*domainDescription, 0, len(all))
	for _, d := range all {
		domains = append(domains, d)
	}
	slices.SortFunc(domains, func(a, b *domainDescription) int { return strings.Compare(a.Domain, b.Domain) })
	return map[string]any{"version": map[string]string{"major": "1", "minor": "3"}, "domains": domains}
}

func merge(into, from []commandDescription) []commandDescription {
	for _, c := range from {
		if !slices.ContainsFunc(into, func(o commandDescription) bool { return o.Name == c.Name }) {
			into = append(into, c)
		}
	}
	return into
}
