package runtime

import (
	"context"
	"sync/atomic"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// ClientOptions make a client.
type ClientOptions struct {
	ID string // made when empty: a UUID
	// Environment is nil for a reserved client (a navigation under way); give it
	// with SetEnvironment when the document is there.
	Environment Environment
	URL         *fetch.URL // creation URL
	Type        ClientType
	FrameType   string // "top-level", "nested", "auxiliary" or "none"
	Origin      fetch.Origin
	StorageKey  string // the origin, serialised, unless partitioned
	Secure      bool   // a secure context
	// Controller is what a client starts with that takes over its creator's active
	// service worker (about:blank, srcdoc, blob:).
	Controller *Worker
	// Ancestors are the origins of the documents around it, innermost first.
	Ancestors []string
	// FetchClient is the environment as the fetch algorithm sees it; of the origin
	// and URL alone when nil.
	FetchClient func() fetch.Client
	// Window carries out what a service worker asks of a window; nil for others.
	Window WindowControl
}

// WindowControl is a window that a service worker may focus and navigate.
type WindowControl interface {
	// Focus runs the focusing steps on the client's window.
	Focus(ctx context.Context) error
	// Navigate navigates the client's window; it returns the client that resulted,
	// nil when that is of another origin, or a *Exception.
	Navigate(ctx context.Context, by *Worker, u *fetch.URL) (*Client, error)
	// Activated reports whether the window has transient activation.
	Activated() bool
}

// Client is a service worker client. Its exported methods may be called from
// anywhere; none of them blocks.
//
// Source: https://w3c.github.io/ServiceWorker/#service-worker-client-concept
type Client struct {
	engine     *Engine
	id         string
	typ        ClientType
	origin     fetch.Origin
	storageKey string
	seq        uint64 // order of creation
	window     WindowControl
	fetchAs    func() fetch.Client
	gone       chan struct{} // closed when discarded
	ready      chan struct{} // closed when execution ready

	url        atomic.Pointer[fetch.URL]
	controller atomic.Pointer[Worker]

	// Guarded by the engine's lock.
	env            Environment
	frameType      string
	secure         bool
	ancestors      []string
	executionReady bool
	discarded      bool
	visibility     string
	focused        bool
	focusSeq       uint64 // when it was last focused; 0: never
	messages       []Message
}

// ID is the client's id.
func (c *Client) ID() string { return c.id }

// Type is the client's type.
func (c *Client) Type() ClientType { return c.typ }

// URL is the creation URL.
func (c *Client) URL() *fetch.URL { return c.url.Load() }

// Origin is the client's origin.
func (c *Client) Origin() fetch.Origin { return c.origin }

// StorageKey is the client's storage key, serialised.
func (c *Client) StorageKey() string { return c.storageKey }

// Controller is the active service worker; nil for none.
func (c *Client) Controller() *Worker { return c.controller.Load() }

// ClientView is a client as a service worker gets to see it: what a Client or
// WindowClient object is made of.
type ClientView struct {
	Client          *Client
	ID, URL         string
	Type            ClientType
	FrameType       string
	VisibilityState string // of a window: "visible" or "hidden"
	Focused         bool
	AncestorOrigins []string
}

// MatchOptions are ClientQueryOptions. Type is a ClientType or "all"; empty: window.
type MatchOptions struct {
	IncludeUncontrolled bool
	Type                string
}
