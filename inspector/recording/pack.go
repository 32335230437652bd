package recording

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"sync"
)

// maxInflated bounds what one packed value may become: a damaged or hostile file
// cannot fill the memory.
const maxInflated = 256 << 20

var deflaters = sync.Pool{New: func() any {
	w, _ := zlib.NewWriterLevel(io.Discard, zlib.DefaultCompression)
	return w
}}

// pack compresses with zlib, the form that the sqlite3 shell's sqlar_uncompress
// reads: what does not get smaller is kept as it is.
func pack(b []byte) (packed []byte, encoding string) {
	if len(b) < 32 || incompressible(b) {
		return b, identity
	}
	packed = deflate(b)
	if len(packed) >= len(b)-len(b)/32 {
		return b, identity
	}
	return packed, deflated
}

const (
	identity = "identity"
	deflated = "zlib"
)

func deflate(b []byte) []byte {
	var out bytes.Buffer
	out.Grow(len(b)/4 + 64)
	w := deflaters.Get().(*zlib.Writer)
	defer deflaters.Put(w)
	w.Reset(&out)
	_, _ = w.Write(b) // a bytes.Buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

// incompressible looks at a piece of a large body: pictures and videos are not worth
// the time.
func incompressible(b []byte) bool {
	const sample = 64 << 10
	if len(b) < 4*sample {
		return false
	}
	middle := len(b) / 2
	return len(deflate(b[middle:middle+sample])) > sample-sample/32
}

// unpack is the inverse of pack; size is what the file says of the content.
func unpack(b []byte, size int64) ([]byte, error) {
	if size < 0 || size > maxInflated {
		return nil, fmt.Errorf("%w: a packed value of %d bytes", ErrCorrupt, size)
	}
	if int64(len(b)) == size {
		return b, nil
	}
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	// The size is not trusted for the allocation: a little file cannot ask for much.
	out := bytes.NewBuffer(make([]byte, 0, min(size, int64(len(b))*1100+64)))
	n, err := io.Copy(out, io.LimitReader(r, size+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if n != size {
		return nil, fmt.Errorf("%w: a packed value is of %d bytes, not %d", ErrCorrupt, n, size)
	}
	return out.Bytes(), nil
}
