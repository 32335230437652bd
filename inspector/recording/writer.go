package recording

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"github.com/swinspect/swinspect/inspector"
)

// Options of a Writer. The zero Options are good.
type Options struct {
	Overwrite   bool          // replace a file that is there
	KeepSecrets bool          // do not redact
	MaxBody     int64         // larger bodies are refused with ErrTooLarge; 0: 64 MiB
	Flush       time.Duration // the longest that a message is only in memory; 0: 250 ms
	NoIndex     bool          // no index of fetches: Open folds it
	// maxPages bounds the file, for the test of a full disk.
	maxPages int
}

// Writer writes a recording.
//
// Concurrency: all methods may be called from any goroutine; messages are kept in the
// order of the Write calls. One goroutine, started by Create and waited for by Close,
// writes to the file: a transaction every Options.Flush, so that a killed process
// loses no more than that and never leaves a broken file. Write does not wait for
// the disk unless more than maxQueued bytes wait to be written.
type Writer struct {
	path string
	opts Options
	meta Meta

	mu      sync.Mutex
	room    sync.Cond // queued fell, or failed
	queue   []item
	queued  int64
	err     error // why writing ended
	closing bool
	bodies  map[[sha256.Size]byte]bool // queued or written
	flushes []chan struct{}            // closed when what is queued now is written

	wake chan struct{} // there is something in the queue, or closing
	done chan struct{} // the goroutine ended
	out  *store        // used by the goroutine only
}

// item is one thing to write: a message or a packed body.
type item struct {
	message *inspector.Message
	body    *packedBody
	meta    map[string]string
}

type packedBody struct {
	sum      [sha256.Size]byte
	size     int64
	encoding string
	bytes    []byte
}

// maxQueued is how many bytes may wait in memory before Write waits.
const maxQueued = 64 << 20

const (
	defaultMaxBody = 64 << 20
	defaultFlush   = 250 * time.Millisecond
)

// Create begins a recording. A file that exists is an error (a *FileError that is
// fs.ErrExist) unless Options.Overwrite. meta.Redacted follows the options.
func Create(path string, meta Meta, opts ...Options) (*Writer, error) {
	var o Options
	if len(opts) > 0 {
		o = opts[0]
	}
	if o.MaxBody <= 0 {
		o.MaxBody = defaultMaxBody
	}
	if o.Flush <= 0 {
		o.Flush = defaultFlush
	}
	meta.Redacted = !o.KeepSecrets
	if meta.Began.IsZero() {
		meta.Began = time.Now()
	}
	out, err := createStore(path, meta, o)
	if err != nil {
		return nil, fileError("create", path, err)
	}
	w := &Writer{
		path: path, opts: o, meta: meta, bodies: map[[sha256.Size]byte]bool{},
		wake: make(chan struct{}, 1), done: make(chan struct{}), out: out,
	}
	w.room.L = &w.mu
	go w.run()
	return w, nil
}

// Path is the file's.
func (w *Writer) Path() string { return w.path }

// Meta is what the recording says of itself.
func (w *Writer) Meta() Meta { return w.meta }

// Write appends a message. The bodies in replies of Network.getResponseBody and
// getRequestPostData go where bodies are, and their hash stands in the message. The
// error is that of an earlier write to the file: nothing is recorded after it.
func (w *Writer) Write(m inspector.Message) error {
	size := int64(len(m.Params) + len(m.Result) + 200)
	return w.enqueue(item{message: &m}, size)
}

// Note writes a note of the recording, see notes.go.
func (w *Writer) Note(t time.Time, instance, context string, n inspector.Note) error {
	return w.Write(inspector.NewNote(t, instance, context, n))
}

// Body keeps a body and gives its name, "sha256:…". The same bytes are kept once.
// The error is ErrTooLarge for a larger body than Options.MaxBody.
func (w *Writer) Body(b []byte) (hash string, err error) {
	sum := sha256.Sum256(b)
	hash = hashName(sum)
	if int64(len(b)) > w.opts.MaxBody {
		return hash, fmt.Errorf("recording: %w: %d bytes, the limit is %d", ErrTooLarge, len(b), w.opts.MaxBody)
	}
	w.mu.Lock()
	known, err := w.bodies[sum], w.err
	w.bodies[sum] = true
	w.mu.Unlock()
	if err != nil || known {
		return hash, err
	}
	p := packBody(sum, b)
	return hash, w.enqueue(item{body: p}, int64(len(p.bytes)))
}

// HashOf is the name under which a body is kept.
func HashOf(b []byte) string { return hashName(sha256.Sum256(b)) }

func hashName(sum [sha256.Size]byte) string { return "sha256:" + hex.EncodeToString(sum[:]) }

func packBody(sum [sha256.Size]byte, b []byte) *packedBody {
	packed, encoding := pack(b)
	if encoding == identity {
		packed = append([]byte{}, b...) // the caller may change its bytes
	}
	return &packedBody{sum: sum, size: int64(len(b)), encoding: encoding, bytes: packed}
}

// SetMeta writes fields of Meta that became known later: Target, Browser, Comment,
// Extra. Began, Mode and Redacted stay.
func (w *Writer) SetMeta(m Meta) error {
	w.mu.Lock()
	m.Began, m.Mode, m.Redacted, m.Program = w.meta.Began, w.meta.Mode, w.meta.Redacted, w.meta.Program
	w.meta = m
	w.mu.Unlock()
	return w.enqueue(item{meta: m.pairs()}, 100)
}

func (w *Writer) enqueue(i item, size int64) error {
	w.mu.Lock()
	for w.err == nil && !w.closing && w.queued > maxQueued {
		w.room.Wait()
	}
	if err := w.err; err != nil || w.closing {
		w.mu.Unlock()
		if err == nil {
			err = &FileError{Path: w.path, Op: "write", Err: ErrClosed}
		}
		return err
	}
	w.queue = append(w.queue, i)
	w.queued += size
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return nil
}

// Flush waits until everything written so far is in the file.
func (w *Writer) Flush(ctx context.Context) error {
	written := make(chan struct{})
	w.mu.Lock()
	w.flushes = append(w.flushes, written)
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
	select {
	case <-written:
	case <-w.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	return w.Err()
}

// Err is why writing ended, nil while it goes on.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Done is closed when writing has ended, by Close or by an error: see Err.
func (w *Writer) Done() <-chan struct{} { return w.done }

// Close writes what is left and closes the file. It waits for the goroutine. Further
// calls give the same answer.
func (w *Writer) Close() error {
	w.mu.Lock()
	w.closing = true
	w.room.Broadcast()
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
	<-w.done
	return w.Err()
}

// run is the goroutine that writes.
func (w *Writer) run() {
	defer close(w.done)
	err := w.loop()
	if e := w.out.close(err == nil); err == nil {
		err = e
	}
	w.mu.Lock()
	if w.err == nil && err != nil {
		w.err = fileError("write", w.path, err)
	}
	w.queue, w.queued = nil, 0
	w.room.Broadcast()
	w.mu.Unlock()
}

// loop writes batches until closing or an error.
func (w *Writer) loop() error {
	timer := time.NewTimer(w.opts.Flush)
	defer timer.Stop()
	for {
		<-w.wake
		if !w.hurried() {
			// Somebody wrote: more will come, and one transaction for all is cheaper.
			timer.Reset(w.opts.Flush)
			w.gather(timer.C)
		}
		w.mu.Lock()
		batch, closing, flushes := w.queue, w.closing, w.flushes
		w.queue, w.queued, w.flushes = nil, 0, nil
		w.room.Broadcast()
		w.mu.Unlock()
		if err := w.out.commit(batch); err != nil {
			w.fail(err)
			return err
		}
		for _, f := range flushes {
			close(f)
		}
		if closing {
			return nil
		}
	}
}

// gather waits for the end of the flush interval, or for somebody in a hurry.
func (w *Writer) gather(end <-chan time.Time) {
	for {
		select {
		case <-end:
			return
		case <-w.wake:
			if w.hurried() {
				return
			}
		}
	}
}

// hurried reports whether what is queued should be written now.
func (w *Writer) hurried() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closing || len(w.flushes) > 0 || w.queued > maxQueued/8 || len(w.queue) > 4096
}

// fail makes later writes fail at once.
func (w *Writer) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = fileError("write", w.path, err)
	}
	w.room.Broadcast()
}
