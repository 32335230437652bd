package breakpoints

import (
	"strconv"
	"strings"
	"unicode"
)

// The short form of a breakpoint is its kind, after a colon what it is at, then words
// and name=value pairs; a value with spaces or quotes stands in double quotes, with
// \" and \\ in them:
//
//	line:sw.js:68 if="n > 3"          line:/app/*.js:68:12 log="n is {n}"
//	event:fetch                       event:*
//	lifecycle:waiting                 exception:uncaught
//	fetch:/api/* at=respondWith method=POST mode= destination= client=
//	cache:miss cache=pages-* url=/app.js
//	start once scope=https://a.example/ skip=2 disabled

// Parse reads the short form. An *InvalidError says what is wrong.
func Parse(short string) (Breakpoint, error) {
	fields, err := split(short)
	if err != nil {
		return Breakpoint{}, err
	}
	return ParseFields(fields)
}

// ParseFields reads the short form, split already, as a shell does: values need no
// quotes.
func ParseFields(fields []string) (Breakpoint, error) {
	var b Breakpoint
	if len(fields) == 0 {
		return b, &InvalidError{"kind", oneOf("", asStrings(Kinds()))}
	}
	kind, at, _ := strings.Cut(fields[0], ":")
	b.Kind = Kind(strings.ToLower(kind))
	if err := b.at(at); err != nil {
		return b, err
	}
	for _, f := range fields[1:] {
		name, value, has := strings.Cut(f, "=")
		if err := b.set(strings.ToLower(name), value, has); err != nil {
			return b, err
		}
	}
	return Check(b)
}

// at reads what stands behind the kind.
func (b *Breakpoint) at(s string) error {
	switch b.Kind {
	case Line:
		b.Line = &LineAt{}
		return b.Line.parse(s)
	case Event:
		b.Event = &EventAt{Type: s}
	case Lifecycle:
		b.Lifecycle = &LifecycleAt{State: s}
	case Fetch:
		b.Fetch = &FetchAt{URL: s}
	case Cache:
		b.Cache = &CacheAt{Operation: s}
	case Exception:
		b.Exception = &ExceptionAt{Which: s}
		if s == "" {
			b.Exception.Which = "uncaught"
		}
	case Start:
		if s != "" {
			return &InvalidError{"start", "takes nothing behind it, not " + quoted(s)}
		}
	}
	return nil
}

// parse reads URL:LINE or URL:LINE:COLUMN; the URL may have colons of its own.
func (l *LineAt) parse(s string) error {
	var numbers []int
	for len(numbers) < 2 {
		i := strings.LastIndexByte(s, ':')
		if i < 0 {
			break
		}
		n, err := strconv.Atoi(s[i+1:])
		if err != nil || n < 0 || !plainNumber(s[i+1:]) {
			break
		}
		numbers, s = append(numbers, n), s[:i]
	}
	l.URL = s
	switch len(numbers) {
	case 0:
		return &InvalidError{"line", "wants URL:LINE, for example line:sw.js:12"}
	case 1:
		l.Line = numbers[0]
	default:
		l.Line, l.Column = numbers[1], numbers[0]
	}
	return nil
}

func plainNumber(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// set reads a word or a name=value pair.
func (b *Breakpoint) set(name, value string, has bool) error {
	switch name {
	case "once", "disabled":
		on, err := true, error(nil)
		if has {
			on, err = strconv.ParseBool(value)
		}
		if err != nil {
			return &InvalidError{name, "is a word by itself, or true or false"}
		}
		if name == "once" {
			b.Once = on
		} else {
			b.Disabled = on
		}
		return nil
	}
	if !has {
		return &InvalidError{name, "wants a value: " + name + "=…"}
	}
	if p := b.field(name); p != nil {
		if strings.Trim(value, " \t\r\n") == "" && (value == "" || p == &b.Condition) {
			return &InvalidError{name, "is empty: give it a value, or leave it out"}
		}
		*p = value
		return nil
	}
	if name == "skip" {
		n, err := strconv.Atoi(value)
		if err != nil {
			return &InvalidError{"skip", "is " + quoted(value) + ": give a number"}
		}
		b.Skip = n
		return nil
	}
	return &InvalidError{name, "is not known for " + string(b.Kind) + ": use " + strings.Join(b.names(), ", ")}
}

// names lists what can be set.
func (b *Breakpoint) names() []string {
	all := []string{"if", "log", "skip", "once", "scope", "disabled"}
	switch b.Kind {
	case Line:
		return append(all, "text")
	case Fetch:
		return append(all, "url", "at", "method", "mode", "destination", "client")
	case Cache:
		return append(all, "operation", "cache", "url")
	}
	return all
}

// field is where a name's text belongs, nil when the kind has none of that name.
func (b *Breakpoint) field(name string) *string {
	switch name {
	case "if", "condition":
		return &b.Condition
	case "log":
		return &b.Log
	case "scope":
		return &b.Scope
	case "text":
		if b.Line != nil {
			return &b.Line.Text
		}
	}
	switch {
	case b.Fetch != nil:
		return map[string]*string{
			"url": &b.Fetch.URL, "at": &b.Fetch.At, "method": &b.Fetch.Method, "mode": &b.Fetch.Mode,
			"destination": &b.Fetch.Destination, "client": &b.Fetch.Client,
		}[name]
	case b.Cache != nil:
		return map[string]*string{"operation": &b.Cache.Operation, "cache": &b.Cache.Cache, "url": &b.Cache.URL}[name]
	}
	return nil
}

// String is the short form: what [Parse] reads as the same breakpoint, but for its id.
func (b Breakpoint) String() string {
	out := []string{pair(string(b.Kind), ":", b.subject())}
	add := func(name, value string) {
		if value != "" {
			out = append(out, pair(name, "=", value))
		}
	}
	switch {
	case b.Fetch != nil && b.Kind == Fetch:
		add("at", b.Fetch.At)
		add("method", b.Fetch.Method)
		add("mode", b.Fetch.Mode)
		add("destination", b.Fetch.Destination)
		add("client", b.Fetch.Client)
	case b.Cache != nil && b.Kind == Cache:
		add("cache", b.Cache.Cache)
		add("url", b.Cache.URL)
	case b.Line != nil && b.Kind == Line:
		add("text", b.Line.Text)
	}
	add("if", b.Condition)
	add("log", b.Log)
	if b.Skip > 0 {
		add("skip", strconv.Itoa(b.Skip))
	}
	if b.Once {
		out = append(out, "once")
	}
	add("scope", b.Scope)
	if b.Disabled {
		out = append(out, "disabled")
	}
	return strings.Join(out, " ")
}

// subject is what stands behind the kind.
func (b Breakpoint) subject() string {
	switch {
	case b.Kind == Line && b.Line != nil:
		s := b.Line.URL + ":" + strconv.Itoa(b.Line.Line)
		if b.Line.Column > 0 {
			s += ":" + strconv.Itoa(b.Line.Column)
		}
		return s
	case b.Kind == Event && b.Event != nil:
		return b.Event.Type
	case b.Kind == Lifecycle && b.Lifecycle != nil:
		return b.Lifecycle.State
	case b.Kind == Fetch && b.Fetch != nil:
		return b.Fetch.URL
	case b.Kind == Cache && b.Cache != nil:
		return b.Cache.Operation
	case b.Kind == Exception && b.Exception != nil:
		return b.Exception.Which
	}
	return ""
}

func pair(name, sep, value string) string {
	if value == "" {
		return name
	}
	if strings.ContainsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || r == '"' || r == '\\' }) {
		value = quoted(value)
	}
	return name + sep + value
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// split cuts the short form at white space outside double quotes.
func split(s string) ([]string, error) {
	var fields []string
	var f strings.Builder
	in, any := false, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case in && c == '\\' && i+1 < len(s):
			i++
			f.WriteByte(s[i])
		case c == '"':
			in, any = !in, true
		case !in && (c == ' ' || c == '\t' || c == '\n' || c == '\r'):
			if any {
				fields = append(fields, f.String())
				f.Reset()
			}
			any = false
		default:
			f.WriteByte(c)
			any = true
		}
	}
	if in {
		return nil, &InvalidError{"text", `a " without its partner`}
	}
	if any {
		fields = append(fields, f.String())
	}
	return fields, nil
}
