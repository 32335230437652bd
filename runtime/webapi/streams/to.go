package streams

import (
	"errors"
	"io"
	"sync"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// ErrLocked is ToReader's error for a stream that has a reader.
var ErrLocked = errors.New("the stream is locked")

// StreamError is a JavaScript stream's error as Read of ToReader gives it. Value
// belongs to the stream's agent.
type StreamError struct {
	Value   goja.Value
	Message string
}

func (e *StreamError) Error() string { return e.Message }

// ToReader reads a JavaScript stream of Uint8Arrays from Go, and locks it. Call it
// on the loop; Read and Close elsewhere, since they wait for tasks of the agent.
// Close cancels a stream that is not at its end. A stream that errors makes Read
// fail with a *StreamError, the end of the agent with the agent's reason.
func ToReader(r *idl.Realm, stream *goja.Object) (io.ReadCloser, error) {
	if IsLocked(r, stream) {
		return nil, ErrLocked
	}
	return &jsReader{realm: r, stream: stream, reader: Lock(r, stream), closed: make(chan struct{})}, nil
}

// jsReader is a stream as a Go reader: one goroutine reads, any closes.
type jsReader struct {
	realm          *idl.Realm
	stream, reader *goja.Object // of the loop

	rest []byte // of the reading goroutine
	err  error  // of the reading goroutine

	once   sync.Once
	closed chan struct{}
}

type arrival struct {
	chunk []byte
	err   error
}

func (j *jsReader) Read(p []byte) (int, error) {
	for len(j.rest) == 0 {
		if j.err != nil {
			return 0, j.err
		}
		if len(p) == 0 {
			return 0, nil
		}
		a := j.next()
		j.rest, j.err = a.chunk, a.err
	}
	n := copy(p, j.rest)
	j.rest = j.rest[n:]
	return n, nil
}

// next waits for a chunk.
func (j *jsReader) next() arrival {
	agent := j.realm.Agent()
	arrived := make(chan arrival, 1)
	if !agent.Queue("streams", func() { j.ask(arrived) }) {
		return arrival{err: agent.Err()}
	}
	select {
	case a := <-arrived:
		return a
	case <-j.closed:
		return arrival{err: io.ErrClosedPipe}
	case <-agent.Context().Done():
		return arrival{err: agent.Err()}
	}
}

// ask reads one chunk; on the loop.
func (j *jsReader) ask(arrived chan<- arrival) {
	if j.realm.Gone() {
		arrived <- arrival{err: io.ErrUnexpectedEOF}
		return
	}
	Read(j.realm, j.reader, func(chunk goja.Value) {
		if buffer.Type(j.realm, chunk) != "Uint8Array" {
			reason := idl.TypeError(j.realm, "Received non-Uint8Array chunk")
			Cancel(j.realm, j.stream, reason)
			arrived <- arrival{err: j.failure(reason)}
			return
		}
		b, _ := buffer.Copy(j.realm, chunk)
		if len(b) == 0 {
			j.ask(arrived)
			return
		}
		arrived <- arrival{chunk: b}
	}, func() {
		arrived <- arrival{err: io.EOF}
	}, func(reason goja.Value) {
		arrived <- arrival{err: j.failure(reason)}
	})
}

func (j *jsReader) failure(reason goja.Value) error {
	return &StreamError{Value: reason, Message: j.realm.Agent().DescribeValue(reason).Error()}
}

func (j *jsReader) Close() error {
	j.once.Do(func() {
		close(j.closed)
		j.realm.Agent().Queue("streams", func() {
			if !j.realm.Gone() && State(j.realm, j.stream) == "readable" {
				Cancel(j.realm, j.stream, nil)
			}
		})
	})
	return nil
}
