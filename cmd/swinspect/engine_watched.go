package main

import (
	"bytes"
	"context"
	"sync"

	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/cdp"
)

// watchedTransport tells when its client has begun to watch service workers: pages
// that open after that have their whole story seen.
type watchedTransport struct {
	cdp.Transport
	once    sync.Once
	watched func()
}

// Read is of cdp.Transport.
func (w *watchedTransport) Read(ctx context.Context) ([]byte, error) {
	b, err := w.Transport.Read(ctx)
	if bytes.Contains(b, []byte(`"`+serviceworker.Enable.Method+`"`)) {
		w.once.Do(w.watched)
	}
	return b, err
}
