package window

import (
	"context"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
)

// Observer is told what happens in a browser: what CDP shows. Methods are called
// from many goroutines, those with a realm on its loop; they must not block.
type Observer interface {
	PageCreated(p *Page)
	PageChanged(p *Page) // URL or title
	PageClosed(p *Page)

	FrameAttached(f *Frame)
	FrameStartedLoading(f *Frame)
	FrameNavigated(f *Frame) // committed; its Realm is the new document's
	FrameNavigatedWithinDocument(f *Frame, url string)
	FrameStoppedLoading(f *Frame)
	FrameDetached(f *Frame)
	// Lifecycle: "init", "commit", "DOMContentLoaded", "load", "networkIdle".
	Lifecycle(f *Frame, loaderID, name string, t time.Time)

	// RealmCreated and RealmDestroyed bracket a realm's life: of a frame's document or
	// of a worker, the other is nil. No script of it has run yet.
	RealmCreated(r *script.Realm, f *Frame, w *Worker)
	RealmDestroyed(r *script.Realm, f *Frame, w *Worker)

	WorkerCreated(w *Worker)
	WorkerDestroyed(w *Worker)

	// Console is a call of console; level is CDP's word.
	Console(r *script.Realm, level string, args []goja.Value)
	// Exception is an uncaught exception or unhandled rejection, after error and
	// unhandledrejection were dispatched and not cancelled.
	Exception(r *script.Realm, e *script.Exception, rejection bool)
	// Dialog is alert, confirm or prompt: it may wait for an answer.
	Dialog(ctx context.Context, p *Page, kind, message, preset string) (accept bool, text string)
}

// NoObserver is told and does nothing; embed it.
type NoObserver struct{}

func (NoObserver) PageCreated(*Page)                                {}
func (NoObserver) PageChanged(*Page)                                {}
func (NoObserver) PageClosed(*Page)                                 {}
func (NoObserver) FrameAttached(*Frame)                             {}
func (NoObserver) FrameStartedLoading(*Frame)                       {}
func (NoObserver) FrameNavigated(*Frame)                            {}
func (NoObserver) FrameNavigatedWithinDocument(*Frame, string)      {}
func (NoObserver) FrameStoppedLoading(*Frame)                       {}
func (NoObserver) FrameDetached(*Frame)                             {}
func (NoObserver) Lifecycle(*Frame, string, string, time.Time)      {}
func (NoObserver) RealmCreated(*script.Realm, *Frame, *Worker)      {}
func (NoObserver) RealmDestroyed(*script.Realm, *Frame, *Worker)    {}
func (NoObserver) WorkerCreated(*Worker)                            {}
func (NoObserver) WorkerDestroyed(*Worker)                          {}
func (NoObserver) Console(*script.Realm, string, []goja.Value)      {}
func (NoObserver) Exception(*script.Realm, *script.Exception, bool) {}
func (NoObserver) Dialog(context.Context, *Page, string, string, string) (bool, string) {
	return true, ""
}

// Hold is asked before the first script of a page or a worker runs; it may wait
// (CDP's waitForDebuggerOnStart). Exactly one of page and worker is not nil.
type Hold func(ctx context.Context, page *Page, worker *Worker)

// Overrides is what CDP changes about the requests of a page or a worker; nil for
// nothing. It is asked for every request.
type Overrides func(c *fetch.Client)
