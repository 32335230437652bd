package cache

import (
	"fmt"
	"time"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// Saved is a Storage as plain data, for a profile on disk (encoding/json). Bodies
// are in it.
type Saved struct {
	Caches []SavedCache `json:"caches"`
}

// SavedCache is one cache with its entries in order.
type SavedCache struct {
	Name    []byte       `json:"name"` // WTF-8: it need not be valid UTF-8
	Entries []SavedEntry `json:"entries"`
}

// SavedEntry is one entry.
type SavedEntry struct {
	Time     time.Time     `json:"time"`
	Request  SavedRequest  `json:"request"`
	Response SavedResponse `json:"response"`
}

// SavedRequest is a cached request.
type SavedRequest struct {
	Method         string           `json:"method"`
	URL            string           `json:"url"`
	Headers        fetch.HeaderList `json:"headers,omitempty"`
	Mode           string           `json:"mode"`
	Credentials    string           `json:"credentials"`
	Cache          string           `json:"cache"`
	Redirect       string           `json:"redirect"`
	Destination    string           `json:"destination,omitempty"`
	Referrer       string           `json:"referrer"`
	ReferrerPolicy string           `json:"referrerPolicy,omitempty"`
	Integrity      string           `json:"integrity,omitempty"`
}

// SavedResponse is a cached response: what is inside of a filtered one, and its type.
type SavedResponse struct {
	Type        string           `json:"type"`
	URLs        []string         `json:"urls,omitempty"`
	Status      int              `json:"status"`
	StatusText  string           `json:"statusText,omitempty"`
	Headers     fetch.HeaderList `json:"headers,omitempty"`
	Body        []byte           `json:"body"` // nil for none
	Credentials string           `json:"credentials,omitempty"`
}

// Save is the Storage as plain data. Bodies are shared, not copied.
func (s *Storage) Save() Saved {
	var saved Saved
	for _, c := range s.caches() {
		list := SavedCache{Name: []byte(c.name)}
		for _, e := range c.Entries(0, 0) {
			list.Entries = append(list.Entries, saveEntry(e))
		}
		saved.Caches = append(saved.Caches, list)
	}
	return saved
}

func saveEntry(e Entry) SavedEntry {
	q, inner := e.Request, e.Response.Unfiltered()
	r := SavedResponse{
		Type: string(e.Response.Type), Status: inner.Status, StatusText: inner.StatusText, Headers: inner.Headers,
		Credentials: string(q.Credentials),
	}
	for _, u := range inner.URLList {
		r.URLs = append(r.URLs, u.String())
	}
	if inner.Body != nil {
		r.Body, _ = inner.Body.Bytes()
	}
	return SavedEntry{Time: e.Time, Response: r, Request: SavedRequest{
		Method: q.Method, URL: q.URL().String(), Headers: q.Headers, Mode: string(q.Mode), Credentials: string(q.Credentials),
		Cache: string(q.Cache), Redirect: string(q.Redirect), Destination: string(q.Destination),
		Referrer: q.Referrer, ReferrerPolicy: q.ReferrerPolicy, Integrity: q.Integrity,
	}}
}

// Restore adds what was saved to the Storage; the error names the first entry that
// could not be.
func (s *Storage) Restore(saved Saved) error {
	for _, list := range saved.Caches {
		c, err := s.Open(string(list.Name))
		if err != nil {
			return fmt.Errorf("cache %q: %w", list.Name, err)
		}
		for _, e := range list.Entries {
			if err := c.restoreEntry(e); err != nil {
				return fmt.Errorf("cache %q: entry %s: %w", list.Name, e.Request.URL, err)
			}
		}
	}
	return nil
}

func (c *Cache) restoreEntry(e SavedEntry) error {
	u, err := fetch.ParseURL(e.Request.URL, nil)
	if err != nil {
		return err
	}
	q := fetch.NewRequest(u)
	q.Method, q.Headers = e.Request.Method, e.Request.Headers
	q.Mode, q.Credentials, q.Cache = fetch.Mode(e.Request.Mode), fetch.Credentials(e.Request.Credentials), fetch.CacheMode(e.Request.Cache)
	q.Redirect, q.Destination = fetch.Redirect(e.Request.Redirect), fetch.Destination(e.Request.Destination)
	q.Referrer, q.ReferrerPolicy, q.Integrity = e.Request.Referrer, e.Request.ReferrerPolicy, e.Request.Integrity
	r := &fetch.Response{Type: "default", Status: e.Response.Status, StatusText: e.Response.StatusText, Headers: e.Response.Headers}
	for _, text := range e.Response.URLs {
		u, err := fetch.ParseURL(text, nil)
		if err != nil {
			return err
		}
		r.URLList = append(r.URLList, u)
	}
	if e.Response.Body != nil {
		r.Body = fetch.BytesBody(e.Response.Body)
	}
	switch e.Response.Type {
	case "basic":
		r = fetch.FilterBasic(r)
	case "cors":
		r = fetch.FilterCORS(r, fetch.Credentials(e.Response.Credentials))
	case "opaque":
		r = fetch.FilterOpaque(r)
	case "opaqueredirect":
		r = fetch.FilterOpaqueRedirect(r)
	case "error":
		r.Type = "error"
	}
	return c.putAt(q, r, e.Time)
}

// putAt is Put with the time of the entry.
func (c *Cache) putAt(q *fetch.Request, r *fetch.Response, t time.Time) error {
	if err := c.Put(q, r); err != nil {
		return err
	}
	c.storage.mu.Lock()
	defer c.storage.mu.Unlock()
	if c.last != nil {
		c.last.Time = t
	}
	return nil
}
