package idl

import (
	"strconv"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script"
)

// Interface is the table of a Web IDL interface.
type Interface struct {
	Name   string
	Parent *Interface
	// New is the constructor: it returns the implementation. nil means that new
	// throws "Illegal constructor".
	New func(c *Call) any
	// Length is the constructor's number of required arguments.
	Length int
	// Members in the order of the specification.
	Members []Member
	// ErrorLike makes Error.prototype the prototype's prototype (DOMException).
	ErrorLike bool
	// Tag is Symbol.toStringTag; empty for Name.
	Tag string
	// Setup, when set, runs once per realm on the finished constructor and prototype.
	Setup func(r *Realm, constructor, prototype *goja.Object)
}

// Member adds itself to an interface's constructor or prototype in one realm.
type Member func(b *builder)

// builder makes one interface in one realm, or adds to its global.
type builder struct {
	realm       *Realm
	iface       *Interface
	constructor *goja.Object
	prototype   *goja.Object
	// target is what members are defined on: the prototype, or the global itself.
	target *goja.Object
	// global is what This gives when a script calls without a this; nil for the
	// realm's global.
	global any
	// branded: this has to be the global.
	branded bool
	// kinds are the members to come, by kind: browsers define them in that order.
	kinds [4][]func()
}

// Kinds of members.
const (
	attributes = iota
	constants
	operations
	iteration
)

func (b *builder) add(kind int, define func()) { b.kinds[kind] = append(b.kinds[kind], define) }

func (b *builder) define(members []Member) {
	for _, member := range members {
		member(b)
	}
	for _, kind := range b.kinds {
		for _, define := range kind {
			define()
		}
	}
}

// Realm is a script.Realm with the interfaces made in it. Of the loop alone.
type Realm struct {
	*script.Realm
	made map[*Interface]*made
	// Of a realm whose global is an object of an interface, see Global: its
	// implementation, its interface, and where the members of mixins go.
	global      any
	globalOf    *Interface
	mixinTarget *goja.Object
}

type made struct{ constructor, prototype *goja.Object }

type realmKey struct{}

// Of is the binding side of a realm.
func Of(r *script.Realm) *Realm {
	if existing, ok := r.Value(realmKey{}).(*Realm); ok {
		return existing
	}
	if a := r.Agent(); a.DescribePlatform == nil {
		a.DescribePlatform = describe
	}
	created := &Realm{Realm: r, made: map[*Interface]*made{}}
	r.SetValue(realmKey{}, created)
	return created
}

// Constructor is the interface object of i in the realm.
func (r *Realm) Constructor(i *Interface) *goja.Object { return r.make(i).constructor }

// Prototype is the interface prototype object of i in the realm.
func (r *Realm) Prototype(i *Interface) *goja.Object { return r.make(i).prototype }

// shell makes a class that hands over to a native constructor. It is a base class
// on purpose: its [[Prototype]] is then free to be the parent interface object.
// plainShell is for constructors without required arguments, of which one that was
// not given and an undefined one are the same: it makes no list of them.
var (
	shell      = goja.MustCompile("swinspect:interface", `((N, name) => ({[name]: class { constructor(...args) { return N(new.target, args) } }})[name])`, true)
	plainShell = goja.MustCompile("swinspect:interface", `((N, name) => ({[name]: class { constructor(a, b, c, d) { return N(new.target, a, b, c, d) } }})[name])`, true)
)

func (r *Realm) make(i *Interface) *made {
	if m, ok := r.made[i]; ok {
		return m
	}
	rt := r.Runtime()
	constructor := r.newShell(i)
	prototype := constructor.Get("prototype").(*goja.Object)
	m := &made{constructor, prototype}
	r.made[i] = m
	switch {
	case i.Parent != nil:
		parent := r.make(i.Parent)
		must(constructor.SetPrototype(parent.constructor))
		must(prototype.SetPrototype(parent.prototype))
	case i.ErrorLike:
		must(prototype.SetPrototype(rt.GlobalObject().Get("Error").(*goja.Object).Get("prototype").(*goja.Object)))
	}
	must(constructor.DefineDataProperty("length", rt.ToValue(i.Length), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	must(prototype.Delete("constructor"))
	b := &builder{realm: r, iface: i, constructor: constructor, prototype: prototype, target: prototype}
	if i != r.globalOf {
		b.define(i.Members)
	}
	must(prototype.DefineDataProperty("constructor", constructor, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	tag := i.Tag
	if tag == "" {
		tag = i.Name
	}
	must(prototype.DefineDataPropertySymbol(goja.SymToStringTag, rt.ToValue(tag), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	if i.Setup != nil {
		i.Setup(r, constructor, prototype)
	}
	return m
}

func (r *Realm) newShell(i *Interface) *goja.Object {
	rt := r.Runtime()
	program, arguments := plainShell, plainArguments
	if i.Length > 0 || i.New == nil {
		program, arguments = shell, listedArguments
	}
	native := rt.ToValue(func(call goja.FunctionCall) goja.Value { return r.construct(i, call, arguments) })
	v, err := rt.RunProgram(program)
	must(err)
	f, _ := goja.AssertFunction(v)
	class, err := f(goja.Undefined(), native, rt.ToValue(i.Name))
	must(err)
	return class.(*goja.Object)
}

// plainArguments are the constructor's arguments up to the last that is not undefined.
func plainArguments(call goja.FunctionCall) []goja.Value {
	args := call.Arguments[1:]
	for len(args) > 0 && goja.IsUndefined(args[len(args)-1]) {
		args = args[:len(args)-1]
	}
	return args
}

// listedArguments are those of shell's array, which nobody else has seen.
func listedArguments(call goja.FunctionCall) []goja.Value {
	list := call.Arguments[1].(*goja.Object)
	args := make([]goja.Value, list.Get("length").ToInteger())
	for i := range args {
		args[i] = list.Get(strconv.Itoa(i))
	}
	return args
}

// construct is [[Construct]] of an interface object; the first argument is new.target.
func (r *Realm) construct(i *Interface, call goja.FunctionCall, arguments func(goja.FunctionCall) []goja.Value) goja.Value {
	if i.New == nil {
		panic(TypeError(r, "Failed to construct '%s': Illegal constructor", i.Name))
	}
	target := call.Arguments[0].(*goja.Object)
	c := &Call{Realm: r, Args: arguments(call), NewTarget: target, what: "Failed to construct '" + i.Name + "'"}
	c.need(i.Length)
	proto, ok := target.Get("prototype").(*goja.Object)
	if !ok {
		proto = r.Prototype(i)
	}
	h := &holder{realm: r}
	object := newSlotted(r.Runtime(), h, proto)
	c.Object = object
	h.impl = i.New(c)
	return c.Object // another one when New has put it there
}

// Wrap makes an object of i around impl, as a native that returns a new object does.
func Wrap(r *Realm, i *Interface, impl any) *goja.Object {
	return newSlotted(r.Runtime(), &holder{impl: impl, realm: r}, r.Prototype(i))
}

// WrapWith is Wrap with a prototype of the caller's choice.
func WrapWith(r *Realm, proto *goja.Object, impl any) *goja.Object {
	return newSlotted(r.Runtime(), &holder{impl: impl, realm: r}, proto)
}

// Unwrap is the implementation of an object when it is a T (a pointer to a
// struct, or a Go interface that several implementations have).
func Unwrap[T any](v goja.Value) (T, bool) {
	if h := slot(v); h != nil {
		impl, ok := h.impl.(T)
		return impl, ok
	}
	var zero T
	return zero, false
}

// RealmOf is the relevant realm of an object of an interface; nil for any other value.
func RealmOf(v goja.Value) *Realm {
	if h := slot(v); h != nil {
		return h.realm
	}
	return nil
}

// IsPlatformObject reports whether v is an object of some interface: what
// structured cloning and BufferSource conversion must ask before they look at
// its class.
func IsPlatformObject(v goja.Value) bool { return slot(v) != nil }

func must(err error) {
	if err != nil {
		panic(err)
	}
}
