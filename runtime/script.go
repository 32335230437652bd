package runtime

import (
	"time"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// Script is a script resource as it was fetched: immutable.
type Script struct {
	// URL is what was asked for: the key in the script resource map. Final is where
	// it came from after redirects: the base URL of what it refers to.
	URL, Final *fetch.URL
	Source     []byte // the body; scripts are decoded as UTF-8
	Headers    fetch.HeaderList
	// Muted is set for a cross-origin script without CORS: its errors say nothing.
	Muted    bool
	Fetched  time.Time
	Modified time.Time // Last-Modified; zero for none

	// bad is why the response is a bad import script response; nil for a good one.
	bad error
}

// source is the script's bytes; nil for no script.
func (s *Script) source() []byte {
	if s == nil {
		return nil
	}
	return s.Source
}

// resourceMap is a script resource map: ordered.
type resourceMap struct {
	byURL map[string]*Script
	order []string
}

func (m *resourceMap) get(u string) *Script { return m.byURL[u] }

func (m *resourceMap) set(u string, s *Script) {
	if m.byURL == nil {
		m.byURL = map[string]*Script{}
	}
	if _, ok := m.byURL[u]; !ok {
		m.order = append(m.order, u)
	}
	m.byURL[u] = s
}

// keep removes what is not in used.
func (m *resourceMap) keep(used map[string]struct{}) {
	kept := m.order[:0]
	for _, u := range m.order {
		if _, ok := used[u]; ok {
			kept = append(kept, u)
		} else {
			delete(m.byURL, u)
		}
	}
	m.order = kept
}
