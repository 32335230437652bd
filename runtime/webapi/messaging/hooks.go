package messaging

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Copy makes an object in a realm: the rest of a serialisation or of a transfer.
// It runs on the loop of that realm's agent, perhaps more than once (a broadcast)
// and in several agents at a time; a transfer's runs at most once. An error, for
// instance because the realm does not expose the interface, makes a messageerror.
type Copy = func(r *idl.Realm) (goja.Value, error)

// Serializable is an implementation of an interface that is [Serializable] in Web
// IDL: Blob, File, CryptoKey. The method needs no import of this package.
type Serializable interface {
	// CloneSerialize is the serialization steps. An error becomes a DataCloneError
	// with its text. forStorage is set when the value goes to a database.
	CloneSerialize(forStorage bool) (func(r *idl.Realm) (goja.Value, error), error)
}

// Transferable is an implementation of an interface that is [Transferable].
type Transferable interface {
	// CloneDetached reports whether it has been transferred already, or cannot be
	// any more (a locked stream).
	CloneDetached() bool
	// CloneTransfer is the transfer steps: it detaches the object.
	CloneTransfer() (func(r *idl.Realm) (goja.Value, error), error)
}

// finders know objects that are serializable or transferable though they are no
// objects of an idl.Interface (those of a polyfill). Written by init functions only.
var (
	serializableFinders []func(r *idl.Realm, o *goja.Object) (Serializable, bool)
	transferableFinders []func(r *idl.Realm, o *goja.Object) (Transferable, bool)
)

// RegisterSerializable tells structured cloning of objects that are not made by
// package idl. To be called from init functions.
func RegisterSerializable(find func(r *idl.Realm, o *goja.Object) (Serializable, bool)) {
	serializableFinders = append(serializableFinders, find)
}

// RegisterTransferable is RegisterSerializable for objects to transfer.
func RegisterTransferable(find func(r *idl.Realm, o *goja.Object) (Transferable, bool)) {
	transferableFinders = append(transferableFinders, find)
}

func serializable(r *idl.Realm, o *goja.Object) (Serializable, bool) {
	if s, ok := idl.Unwrap[Serializable](o); ok {
		return s, true
	}
	for _, find := range serializableFinders {
		if s, ok := find(r, o); ok {
			return s, true
		}
	}
	return nil, false
}

func transferable(r *idl.Realm, o *goja.Object) (Transferable, bool) {
	if t, ok := idl.Unwrap[Transferable](o); ok {
		return t, true
	}
	for _, find := range transferableFinders {
		if t, ok := find(r, o); ok {
			return t, true
		}
	}
	return nil, false
}
