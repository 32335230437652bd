package surface

import (
	"context"
	_ "embed" // the worker
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/swinspect/swinspect/internal/backend"
)

//go:embed probe.js
var probe string

//go:embed cases.js
var cases string

// Interfaces are those that the project promises in service workers.
var Interfaces = []string{
	"EventTarget", "Event", "CustomEvent", "MessageEvent", "ErrorEvent", "PromiseRejectionEvent", "ProgressEvent", "CloseEvent",
	"AbortController", "AbortSignal", "DOMException",
	"WorkerGlobalScope", "ServiceWorkerGlobalScope", "WorkerLocation", "WorkerNavigator",
	"ServiceWorker", "ServiceWorkerRegistration", "NavigationPreloadManager", "Clients", "Client", "WindowClient",
	"ExtendableEvent", "InstallEvent", "FetchEvent", "ExtendableMessageEvent", "Cache", "CacheStorage",
	"Headers", "Request", "Response", "FormData", "Blob", "File", "FileReader",
	"URL", "URLSearchParams", "URLPattern",
	"MessageChannel", "MessagePort", "BroadcastChannel",
	"ReadableStream", "ReadableStreamDefaultReader", "ReadableStreamBYOBReader", "ReadableStreamDefaultController",
	"ReadableByteStreamController", "ReadableStreamBYOBRequest", "WritableStream", "WritableStreamDefaultWriter",
	"WritableStreamDefaultController", "TransformStream", "TransformStreamDefaultController", "ByteLengthQueuingStrategy",
	"CountQueuingStrategy", "TextEncoder", "TextDecoder", "TextEncoderStream", "TextDecoderStream",
	"CompressionStream", "DecompressionStream",
	"Crypto", "SubtleCrypto", "CryptoKey",
	"IDBFactory", "IDBDatabase", "IDBTransaction", "IDBObjectStore", "IDBIndex", "IDBCursor", "IDBCursorWithValue",
	"IDBKeyRange", "IDBRequest", "IDBOpenDBRequest", "IDBVersionChangeEvent", "DOMStringList",
	"Performance", "PerformanceEntry", "PerformanceMark", "PerformanceMeasure",
	"LockManager", "Lock", "StorageManager", "Permissions", "PermissionStatus",
	"Notification", "NotificationEvent", "PushManager", "PushSubscription", "PushSubscriptionOptions", "PushEvent",
	"PushMessageData", "PushSubscriptionChangeEvent", "SyncManager", "SyncEvent", "PeriodicSyncManager", "PeriodicSyncEvent",
	"WebSocket", "EventSource",
}

// Section is the members of one interface, or the global's, or the cases, in the
// order in which they are there: pairs of a key and what is to be said about it.
type Section [][2]string

// Run describes the realm of a service worker of b.
func Run(ctx context.Context, b *backend.Backend) (sections []Section, err error) {
	site := httptest.NewServer(http.HandlerFunc(serve))
	defer func() { site.CloseClientConnections(); site.Close() }()
	_, port, err := net.SplitHostPort(site.Listener.Addr().String())
	if err != nil {
		return nil, err
	}
	p, err := b.NewPage(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if err := p.Navigate(ctx, "http://localhost:"+port+"/"); err != nil {
		return nil, err
	}
	names, err := json.Marshal(Interfaces)
	if err != nil {
		return nil, err
	}
	said, err := p.Evaluate(ctx, fmt.Sprintf(ask, names))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(said, &sections); err != nil {
		return nil, fmt.Errorf("surface: %w in %.200s", err, said)
	}
	if len(sections) != len(Interfaces)+2 {
		return nil, fmt.Errorf("surface: %v", sections)
	}
	return sections, nil
}

// ask registers the worker and asks it.
const ask = `(async () => {
	const registration = await navigator.serviceWorker.register('/sw.js');
	await navigator.serviceWorker.ready;
	const worker = registration.active;
	if (worker.state !== 'activated') await new Promise(r => { worker.onstatechange = () => worker.state === 'activated' && r(); });
	const answer = new Promise(r => { navigator.serviceWorker.onmessage = e => r(e.data); });
	worker.postMessage({ interfaces: %s });
	return answer;
})()`

func serve(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html><title>surface</title>") // the page is gone
	case "/sw.js":
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = io.WriteString(w, cases+probe)
	case "/x.js":
		w.Header().Set("Content-Type", "text/javascript")
	default:
		http.NotFound(w, r)
	}
}
