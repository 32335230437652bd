package recording

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/swinspect/swinspect/cdp"
)

// ErrNotHAR: the file is no HAR.
var ErrNotHAR = errors.New("not a HAR file")

// harFile is a HAR without its entries.
type harFile struct {
	Version harText
	Creator struct {
		Name    harText `json:"name"`
		Version harText `json:"version"`
	}
	Browser struct {
		Name    harText `json:"name"`
		Version harText `json:"version"`
	}
	Comment harText
	Pages   []harPage
}

// maxHAREntry bounds one entry: a body of 100 MB in base64, with room.
const maxHAREntry = 160 << 20

// readHAR reads a HAR as a stream: entry is called for each entry in the order of the
// file, bad for one that makes no sense. The pages may come after the entries.
func readHAR(r io.Reader, entry func(n int, e *harEntry) error, bad func(n int, err error)) (*harFile, error) {
	in := bufio.NewReaderSize(r, 256<<10)
	if mark, err := in.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3) // a byte order mark, as some tools write
	}
	d := jsontext.NewDecoder(in, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	h := new(harFile)
	found := false
	err := eachMember(d, func(name string) error {
		if name != "log" || d.PeekKind() != '{' {
			return d.SkipValue()
		}
		found = true
		return eachMember(d, func(name string) error { return h.member(d, name, entry, bad) })
	})
	switch {
	case err != nil && found && isSyntax(err):
		return h, fmt.Errorf("%w: %w", errTruncatedHAR, err)
	case err != nil && isSyntax(err):
		return h, fmt.Errorf("%w: %w", ErrNotHAR, err)
	case err != nil:
		return h, err
	case !found:
		return h, fmt.Errorf(`%w: it has no "log"`, ErrNotHAR)
	}
	return h, nil
}

var errTruncatedHAR = errors.New("it breaks off or is no JSON from here on")

func isSyntax(err error) bool {
	var syntax *jsontext.SyntacticError
	return errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

// member reads one member of "log".
func (h *harFile) member(d *jsontext.Decoder, name string, entry func(int, *harEntry) error, bad func(int, error)) error {
	var into any
	switch name {
	case "version":
		into = &h.Version
	case "creator":
		into = &h.Creator
	case "browser":
		into = &h.Browser
	case "comment":
		into = &h.Comment
	case "pages":
		into = &h.Pages
	case "entries":
		return eachElement(d, func(n int) error {
			v, err := d.ReadValue()
			if err != nil {
				return err
			}
			e := new(harEntry)
			if err := decodeHAREntry(v, e); err != nil {
				bad(n, err)
				return nil
			}
			return entry(n, e)
		})
	default:
		return d.SkipValue()
	}
	v, err := d.ReadValue()
	if err != nil {
		return err
	}
	_ = cdp.Decode(v, into) // what cannot be read of it is left empty
	return nil
}

func decodeHAREntry(v []byte, e *harEntry) error {
	if len(v) > maxHAREntry {
		return fmt.Errorf("it has %d bytes", len(v))
	}
	if err := cdp.Decode(v, e); err != nil {
		return err
	}
	if e.Request.URL == "" {
		return errors.New("it has no request.url")
	}
	if _, err := e.began(); err != nil {
		return err
	}
	return nil
}

// began is startedDateTime, in the forms that are met.
func (e *harEntry) began() (time.Time, error) { return harTime(string(e.Started)) }

func harTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 1970 && t.Year() < 2200 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("startedDateTime is %.40q", s)
}

// eachMember calls member with the name of each member of an object, whose value it
// must read.
func eachMember(d *jsontext.Decoder, member func(name string) error) error {
	if t, err := d.ReadToken(); err != nil {
		return err
	} else if t.Kind() != '{' {
		return fmt.Errorf("%w: no JSON object", ErrNotHAR)
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		if err := member(name.String()); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// eachElement calls element for each element of an array, which it must read.
func eachElement(d *jsontext.Decoder, element func(n int) error) error {
	if d.PeekKind() != '[' {
		return d.SkipValue()
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for n := 0; d.PeekKind() != ']'; n++ {
		if err := element(n); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}
