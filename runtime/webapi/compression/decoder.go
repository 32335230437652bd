package compression

import (
	"errors"
	"io"
	"iter"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// maxOutput bounds what one chunk of input may grow to: beyond it the process would
// be in danger before the script could react.
const maxOutput = 512 << 20

// piece is the size of the chunks that come out.
const piece = 64 << 10

var errStopped = errors.New("the stream was cancelled")

// decoder turns Go's pulling decompressors around: a coroutine runs one, and gives
// way whenever it wants input that is not there yet.
type decoder struct {
	realm  *idl.Realm
	format string
	in     feeder
	out    func([]byte)
	given  int
	err    error
	ended  bool // the compressed data is complete
	resume func() (struct{}, bool)
	cancel func()
}

type decodersKey struct{}

// newDecoder makes a decoder; its coroutine starts with the first chunk.
func newDecoder(r *idl.Realm, format string) *decoder {
	return &decoder{realm: r, format: format}
}

func (d *decoder) start() {
	d.resume, d.cancel = iter.Pull(func(yield func(struct{}) bool) {
		d.in.wait = func() bool { return yield(struct{}{}) }
		d.err = d.run()
	})
	d.live()[d] = struct{}{}
}

// live are the realm's decoders that are under way: its end stops them.
func (d *decoder) live() map[*decoder]struct{} {
	if all, ok := d.realm.Value(decodersKey{}).(map[*decoder]struct{}); ok {
		return all
	}
	all := map[*decoder]struct{}{}
	d.realm.SetValue(decodersKey{}, all)
	d.realm.OnDestroy(func() {
		for d := range all {
			d.stop()
		}
	})
	return all
}

func (d *decoder) stop() {
	if d.cancel != nil {
		d.out = func([]byte) {} // what the decompressor still had is of no use
		d.cancel()
		d.cancel = nil
		delete(d.live(), d)
	}
}

// run is the coroutine.
func (d *decoder) run() error {
	r, err := newReader(d.format, &d.in)
	if err != nil {
		return err
	}
	for {
		b := make([]byte, piece)
		n, err := r.Read(b)
		if n > 0 {
			if d.given += n; d.given > maxOutput {
				return errors.New("the decompressed data is too large")
			}
			d.out(b[:n:n])
		}
		switch {
		case err == io.EOF:
			d.ended = true
			return nil
		case err != nil:
			return err
		}
	}
}

// feed is "decompress and enqueue a chunk".
func (d *decoder) feed(chunk []byte, out func([]byte)) {
	if len(chunk) == 0 {
		return
	}
	if d.ended {
		d.fail("Junk found after end of compressed data.")
	}
	if d.resume == nil {
		d.start()
	}
	d.in.data, d.out, d.given = chunk, out, 0
	d.step()
	if d.ended && len(d.in.data) > 0 {
		d.fail("Junk found after end of compressed data.")
	}
}

// finish is "decompress flush and enqueue": data that ends too early is an error.
func (d *decoder) finish(out func([]byte)) {
	d.out, d.in.eof = out, true
	if d.resume != nil && !d.ended {
		d.step()
	}
	if !d.ended {
		d.fail("Compressed input was truncated.")
	}
}

// step runs the coroutine until it wants more.
func (d *decoder) step() {
	if _, more := d.resume(); !more {
		d.stop()
	}
	if d.err != nil {
		d.fail("The compressed data was not valid: %s.", d.err)
	}
}

func (d *decoder) fail(format string, args ...any) {
	d.stop()
	panic(idl.TypeError(d.realm, format, args...))
}

// feeder is the input, byte by byte so that a decompressor takes no more than it
// needs and junk after the end is seen.
type feeder struct {
	data []byte
	eof  bool
	wait func() bool
}

func (f *feeder) fill() error {
	for len(f.data) == 0 {
		if f.eof {
			return io.EOF
		}
		if !f.wait() {
			return errStopped
		}
	}
	return nil
}

func (f *feeder) Read(p []byte) (int, error) {
	if err := f.fill(); err != nil {
		return 0, err
	}
	n := copy(p, f.data)
	f.data = f.data[n:]
	return n, nil
}

func (f *feeder) ReadByte() (byte, error) {
	if err := f.fill(); err != nil {
		return 0, err
	}
	b := f.data[0]
	f.data = f.data[1:]
	return b, nil
}
