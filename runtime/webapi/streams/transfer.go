package streams

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/messaging"
)

func init() { messaging.RegisterTransferable(transferable) }

const errLocked = shown("A locked stream could not be transferred.")

// shown is an error whose text scripts see, worded as browsers word it.
type shown string

func (e shown) Error() string { return string(e) }

// transferable knows the streams among the objects that structured cloning meets.
//
// Source: https://streams.spec.whatwg.org/#rs-transfer, #ws-transfer, #ts-transfer
func transferable(r *idl.Realm, o *goja.Object) (messaging.Transferable, bool) {
	switch {
	case IsReadableStream(r, o):
		return stream{r, o, transferReadable}, true
	case IsWritableStream(r, o):
		return stream{r, o, transferWritable}, true
	case IsTransformStream(r, o):
		return stream{r, o, transferTransform}, true
	}
	return nil, false
}

// stream is a stream to be transferred.
type stream struct {
	realm    *idl.Realm
	object   *goja.Object
	transfer func(r *idl.Realm, o *goja.Object) (messaging.Copy, error)
}

// CloneDetached is for structured cloning: a transferred stream is locked by the
// pipe that empties it, which CloneTransfer sees.
func (s stream) CloneDetached() bool { return false }

// CloneTransfer is the stream's transfer steps.
func (s stream) CloneTransfer() (messaging.Copy, error) { return s.transfer(s.realm, s.object) }

// transferReadable: what is read from the stream is written to a port, and the
// stream on the other side reads from the port's other end.
func transferReadable(r *idl.Realm, o *goja.Object) (messaging.Copy, error) {
	if IsLocked(r, o) {
		return nil, errLocked
	}
	near, far := messaging.NewPorts(r)
	stateOf(r).call("ReadableStreamPipeTo", o, crossWritable(r, near))
	return received(far, crossReadable)
}

func transferWritable(r *idl.Realm, o *goja.Object) (messaging.Copy, error) {
	if IsWriterLocked(r, o) {
		return nil, errLocked
	}
	near, far := messaging.NewPorts(r)
	stateOf(r).call("ReadableStreamPipeTo", crossReadable(r, near), o)
	return received(far, crossWritable)
}

func transferTransform(r *idl.Realm, o *goja.Object) (messaging.Copy, error) {
	sides := stateOf(r).call("sides", o).(*goja.Object)
	readable, writable := sides.Get("0").(*goja.Object), sides.Get("1").(*goja.Object)
	if IsLocked(r, readable) || IsWriterLocked(r, writable) {
		return nil, errLocked
	}
	makeReadable, err := transferReadable(r, readable)
	if err != nil {
		return nil, err
	}
	makeWritable, err := transferWritable(r, writable)
	if err != nil {
		return nil, err
	}
	return func(r *idl.Realm) (goja.Value, error) {
		readable, err := makeReadable(r)
		if err != nil {
			return nil, err
		}
		writable, err := makeWritable(r)
		if err != nil {
			return nil, err
		}
		return stateOf(r).call("together", readable, writable), nil
	}, nil
}

// received is the transfer-receiving steps: the port arrives, and a stream is made
// over it.
func received(port *messaging.Port, over func(*idl.Realm, *messaging.Port) *goja.Object) (messaging.Copy, error) {
	arrive, err := port.CloneTransfer()
	if err != nil {
		return nil, err
	}
	return func(r *idl.Realm) (goja.Value, error) {
		v, err := arrive(r)
		if err != nil {
			return nil, err
		}
		port, _ := idl.Unwrap[*messaging.Port](v)
		return over(r, port), nil
	}, nil
}
