package window

import (
	"golang.org/x/net/html/charset"
	"golang.org/x/net/publicsuffix"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// site is an origin's site: scheme and registrable domain.
func site(o fetch.Origin) string {
	host := o.Hostname()
	if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		host = domain
	}
	return o.Scheme() + "://" + host
}

func sameSite(a, b fetch.Origin) bool { return !a.IsOpaque() && !b.IsOpaque() && site(a) == site(b) }

// decodeAs decodes bytes of an encoding by its label; false for UTF-8 and unknown ones.
func decodeAs(body []byte, label string) (string, bool) {
	if label == "" {
		return "", false
	}
	e, name := charset.Lookup(label)
	if e == nil || name == "utf-8" {
		return "", false
	}
	text, err := e.NewDecoder().Bytes(body)
	return string(text), err == nil
}

// topOrigin is the origin of the page's document; false while there is none.
func (f *Frame) topOrigin() (fetch.Origin, bool) {
	c := f.page.context
	c.mu.Lock()
	defer c.mu.Unlock()
	return f.page.main.origin, f.page.main.origin != fetch.Origin{}
}

func (f *Frame) parentFrame() *Frame { return f.Parent() }

// ancestors are the origins around the frame, innermost first.
func (f *Frame) ancestors() []string {
	c := f.page.context
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for p := f.parent; p != nil; p = p.parent {
		all = append(all, p.origin.String())
	}
	return all
}
