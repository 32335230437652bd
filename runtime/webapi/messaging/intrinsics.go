package messaging

import (
	"math/big"
	"reflect"
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// intrinsics are the functions of the language that cloning relies on, taken
// before any script of the realm ran and could replace them.
type intrinsics struct {
	objectPrototype                                *goja.Object
	mapConstructor, setConstructor, date, regexp   *goja.Object
	mapForEach, mapSet, setForEach, setAdd         goja.Callable
	dateValue, booleanValue, numberValue           goja.Callable
	stringValue, bigintValue                       goja.Callable
	regexpSource                                   goja.Callable
	regexpFlags                                    []flag
	isView, viewTag, viewBuffer, viewOffset        goja.Callable
	viewLength, dataBuffer, dataOffset, dataLength goja.Callable
	object                                         goja.Callable   // Object(v): a wrapper
	weak                                           []goja.Callable // has of WeakMap and WeakSet
	iteratorPrototype                              *goja.Object
	errorConstructors                              map[string]*goja.Object
	views                                          map[string]*goja.Object
}

type flag struct {
	letter string
	get    goja.Callable
}

type intrinsicsKey struct{}

// capture takes the realm's intrinsics; Install calls it.
func capture(r *idl.Realm) *intrinsics {
	if in, ok := r.Value(intrinsicsKey{}).(*intrinsics); ok {
		return in
	}
	rt := r.Runtime()
	class := func(name string) *goja.Object { return rt.Get(name).(*goja.Object) }
	proto := func(name string) *goja.Object { return class(name).Get("prototype").(*goja.Object) }
	method := func(o *goja.Object, name string) goja.Callable {
		f, _ := goja.AssertFunction(o.Get(name))
		return f
	}
	describe := method(class("Object"), "getOwnPropertyDescriptor")
	getter := func(o *goja.Object, name goja.Value) goja.Callable {
		d, err := describe(goja.Undefined(), o, name)
		if err != nil {
			return nil
		}
		descriptor, ok := d.(*goja.Object)
		if !ok {
			return nil
		}
		f, _ := goja.AssertFunction(descriptor.Get("get"))
		return f
	}
	in := &intrinsics{
		objectPrototype: proto("Object"),
		mapConstructor:  class("Map"), setConstructor: class("Set"), date: class("Date"), regexp: class("RegExp"),
		mapForEach: method(proto("Map"), "forEach"), mapSet: method(proto("Map"), "set"),
		setForEach: method(proto("Set"), "forEach"), setAdd: method(proto("Set"), "add"),
		dateValue: method(proto("Date"), "valueOf"), booleanValue: method(proto("Boolean"), "valueOf"),
		numberValue: method(proto("Number"), "valueOf"), stringValue: method(proto("String"), "valueOf"),
		bigintValue:       method(proto("BigInt"), "valueOf"),
		isView:            method(class("ArrayBuffer"), "isView"),
		errorConstructors: map[string]*goja.Object{}, views: map[string]*goja.Object{},
	}
	in.weak = []goja.Callable{method(proto("WeakMap"), "has"), method(proto("WeakSet"), "has")}
	if iterator, err := rt.RunProgram(anIterator); err == nil {
		in.iteratorPrototype = iterator.(*goja.Object).Prototype().Prototype()
	}
	in.object, _ = goja.AssertFunction(class("Object"))
	regexp := proto("RegExp")
	in.regexpSource = getter(regexp, rt.ToValue("source"))
	for _, f := range [][2]string{{"hasIndices", "d"}, {"global", "g"}, {"ignoreCase", "i"}, {"multiline", "m"}, {"dotAll", "s"}, {"unicode", "u"}, {"sticky", "y"}} {
		if get := getter(regexp, rt.ToValue(f[0])); get != nil {
			in.regexpFlags = append(in.regexpFlags, flag{f[1], get})
		}
	}
	typed := proto("Uint8Array").Prototype()
	in.viewTag = getter(typed, goja.SymToStringTag)
	in.viewBuffer, in.viewOffset, in.viewLength = getter(typed, rt.ToValue("buffer")), getter(typed, rt.ToValue("byteOffset")), getter(typed, rt.ToValue("length"))
	data := proto("DataView")
	in.dataBuffer, in.dataOffset, in.dataLength = getter(data, rt.ToValue("buffer")), getter(data, rt.ToValue("byteOffset")), getter(data, rt.ToValue("byteLength"))
	for _, name := range errorNames {
		in.errorConstructors[name] = class(name)
	}
	for _, name := range viewNames {
		in.views[name] = class(name)
	}
	r.SetValue(intrinsicsKey{}, in)
	return in
}

var errorNames = []string{"Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"}

var viewNames = []string{
	"Uint8Array", "Uint8ClampedArray", "Int8Array", "Uint16Array", "Int16Array", "Uint32Array", "Int32Array",
	"Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array", "DataView",
}

// must gives the result of calling an intrinsic, which throws only for a value
// the caller has checked, or when the agent ends.
func (in *intrinsics) must(r *idl.Realm, f goja.Callable, this goja.Value, args ...goja.Value) goja.Value {
	v, err := r.Agent().Call(f, this, args...)
	if err != nil {
		panic(err)
	}
	return v
}

var anIterator = goja.MustCompile("swinspect:iterator", "[][Symbol.iterator]()", true)

var (
	plainType       = reflect.TypeFor[map[string]any]()
	mapType         = reflect.TypeFor[[][2]any]()
	setType         = reflect.TypeFor[[]any]()
	bigintType      = reflect.TypeFor[*big.Int]()
	promiseType     = reflect.TypeFor[*goja.Promise]()
	symbolType      = reflect.TypeFor[string]()
	proxyType       = reflect.TypeFor[goja.Proxy]()
	arrayBufferType = reflect.TypeFor[goja.ArrayBuffer]()
	// importedString is goja's string that is scanned when it is first looked at:
	// the one primitive that two goroutines must not share.
	importedString = reflect.TypeOf(goja.New().ToValue(strings.Repeat("x", 64)))
)

// detached makes a primitive value safe to hand to another agent.
func detached(v goja.Value) goja.Value {
	if s, ok := v.(goja.String); ok && reflect.TypeOf(v) == importedString {
		return s.Substring(0, s.Length())
	}
	return v
}
