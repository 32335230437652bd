package replay

import (
	"strings"

	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// environment is a client's: there is no document that anything could happen in.
type environment struct{}

func (environment) UpdateRegistration(*runtime.Registration, runtime.Slot, *runtime.Worker) {}
func (environment) UpdateWorkerState(*runtime.Worker, runtime.State)                        {}
func (environment) FireUpdateFound(*runtime.Registration)                                   {}
func (environment) SetController(*runtime.Worker, bool)                                     {}
func (environment) Ready(*runtime.Registration)                                             {}
func (environment) PostMessage(runtime.Message)                                             {}

// place is where a recorded client is: a frame of a target.
type place struct{ target, frame string }

func placeOf(f *fetches.Fetch) place { return place{f.Target, f.Frame} }

// newClient makes a client at a URL.
func (w *world) newClient(id string, u *fetch.URL, storageKey string, nested bool, controller *runtime.Worker, reserved bool) *runtime.Client {
	o := runtime.ClientOptions{
		ID: id, URL: u, Type: runtime.ClientWindow, FrameType: "top-level", Origin: u.Origin(), StorageKey: storageKey,
		Secure: u.Origin().PotentiallyTrustworthy(), Controller: controller,
	}
	if nested {
		o.FrameType = "nested"
		o.Ancestors = []string{u.Origin().String()}
	}
	if !reserved {
		o.Environment = environment{}
	}
	c := w.context.Engine().NewClient(o)
	if !reserved {
		c.ExecutionReady()
	}
	return c
}

// clientID is a free id: the recorded one where it is known and not taken.
func (w *world) clientID(recorded string) string {
	if recorded == "" || w.context.Engine().ClientByID(recorded) != nil {
		return ""
	}
	return recorded
}

// clientOf is the client that a subresource's row is of, made when nothing was heard
// of it yet.
func (w *world) clientOf(f *fetches.Fetch, reg *runtime.Registration) *runtime.Client {
	var controller *runtime.Worker
	if f.Client != "" {
		if c := w.context.Engine().ClientByID(f.Client); c != nil {
			return c
		}
	}
	at := placeOf(f)
	if c := w.clients[at]; c != nil && w.context.Engine().ClientByID(c.ID()) == c {
		if f.Client == "" || c.ID() == f.Client {
			return c
		}
		if w.madeUp[c.ID()] { // now its id is known
			defer c.Discard()
			if reg != nil && c.Controller() != nil && c.Controller().Registration() == reg {
				controller = c.Controller()
			}
		}
	}
	page := f.Page
	if page == "" {
		page = f.URL
	}
	u, err := fetch.ParseURL(page, nil)
	if err != nil {
		return nil
	}
	storageKey := u.Origin().String()
	if reg != nil {
		storageKey = reg.StorageKey()
		if controller == nil {
			controller = reg.Snapshot().Active
		}
	}
	c := w.newClient(w.clientID(f.Client), u, storageKey, f.Frame != "" && f.Frame != f.Target, controller, false)
	if f.Client == "" {
		w.madeUp[c.ID()] = true
	}
	w.clients[at] = c
	return c
}

// reserve makes the client that a navigation is to bring.
func (w *world) reserve(f *fetches.Fetch, u *fetch.URL, reg *runtime.Registration) *runtime.Client {
	storageKey := u.Origin().String()
	if reg != nil {
		storageKey = reg.StorageKey()
	}
	recorded := f.ResultingClient
	if recorded == "" {
		recorded = f.Client // the engine's own recordings name it so
	}
	id := w.clientID(recorded)
	c := w.newClient(id, u, storageKey, isNested(f), nil, true)
	if id == "" {
		w.madeUp[c.ID()] = true
	}
	return c
}

func isNested(f *fetches.Fetch) bool {
	return f.Destination == "iframe" || f.Destination == "frame" || f.Frame != "" && f.Frame != f.Target && f.Target != ""
}

// navigated puts the client that a navigation brought in the place of the one before.
func (w *world) navigated(f *fetches.Fetch, c *runtime.Client, ok bool) {
	if !ok {
		c.Discard()
		return
	}
	c.SetEnvironment(environment{})
	c.ExecutionReady()
	at := placeOf(f)
	if old := w.clients[at]; old != nil && old != c {
		old.Discard()
	}
	if !isNested(f) { // the frames of a page go with it
		for p, old := range w.clients {
			if p.target == at.target && p != at {
				old.Discard()
				delete(w.clients, p)
			}
		}
	}
	w.clients[at] = c
}

// fetchClient is a client as the fetch algorithm sees it.
func fetchClient(c *runtime.Client) fetch.Client {
	u := c.URL()
	return fetch.Client{ID: c.ID(), Origin: c.Origin(), BaseURL: u, CreationURL: u, Secure: strings.HasPrefix(u.Scheme(), "https"), StorageKey: c.StorageKey()}
}
