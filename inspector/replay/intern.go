package replay

import (
	"strings"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
)

// interner shares what is the same in many rows: a recording of a million requests is
// to be held in memory.
type interner struct {
	text    map[string]string
	headers map[string][]inspector.Header
}

func newInterner() *interner {
	return &interner{text: map[string]string{}, headers: map[string][]inspector.Header{}}
}

func (in *interner) string(s *string) {
	if *s == "" {
		return
	}
	if known, ok := in.text[*s]; ok {
		*s = known
		return
	}
	c := strings.Clone(*s)
	in.text[c] = c
	*s = c
}

func (in *interner) list(l *[]inspector.Header) {
	if len(*l) == 0 {
		*l = nil
		return
	}
	var key strings.Builder
	for _, h := range *l {
		key.WriteString(h.Name)
		key.WriteByte(0)
		key.WriteString(h.Value)
		key.WriteByte(0)
	}
	k := key.String()
	known, ok := in.headers[k]
	if !ok {
		known = make([]inspector.Header, len(*l))
		for i, h := range *l {
			in.string(&h.Name)
			in.string(&h.Value)
			known[i] = h
		}
		in.headers[k] = known
	}
	*l = known
}

// row is a copy of a row that shares what it can.
func (in *interner) row(f *fetches.Fetch) *fetches.Fetch {
	r := *f
	for _, s := range []*string{
		&r.Instance, &r.Context, &r.Target, &r.Frame, &r.Client, &r.Page, &r.Initiator, &r.URL, &r.Method, &r.Mode, &r.Destination, &r.Credentials,
		&r.CacheMode, &r.Redirect, &r.Referrer, &r.Scope, &r.Registration, &r.Version, &r.CacheName, &r.StatusText, &r.ResponseType, &r.MIME, &r.Error,
		&r.RequestBody.Hash, &r.RequestBody.Missing, &r.ResponseBody.Hash, &r.ResponseBody.Missing, (*string)(&r.Kind), (*string)(&r.Decision), (*string)(&r.Source),
	} {
		in.string(s)
	}
	r.ID, r.ResultingClient, r.Parent, r.RedirectedFrom = strings.Clone(r.ID), strings.Clone(r.ResultingClient), strings.Clone(r.Parent), strings.Clone(r.RedirectedFrom)
	in.list(&r.RequestHeaders)
	in.list(&r.ResponseHeaders)
	return &r
}
