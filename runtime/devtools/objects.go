package devtools

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/runtime"
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/window"
)

// objectStore is the remote objects of a session. Its methods may be called from
// anywhere; the values are for their agent's loop.
type objectStore struct {
	mu   sync.Mutex
	last int64
	held map[string]heldObject
}

type heldObject struct {
	value goja.Value
	group string
	world *world
	scope *script.FrameScope // of a pause: its variables are the properties; nil for others
}

// addScope adds a scope of a pause; value is an object with its variables.
func (o *objectStore) addScope(s *script.FrameScope, value goja.Value, w *world) runtime.RemoteObjectID {
	id := o.add(value, pauseGroup, w)
	o.mu.Lock()
	defer o.mu.Unlock()
	h := o.held[string(id)]
	h.scope = s
	o.held[string(id)] = h
	return id
}

func (o *objectStore) add(v goja.Value, group string, w *world) runtime.RemoteObjectID {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.held == nil {
		o.held = map[string]heldObject{}
	}
	o.last++
	// Clients read the context from an id: "isolate.context.object".
	id := "1." + strconv.FormatInt(w.id, 10) + "." + strconv.FormatInt(o.last, 10)
	o.held[id] = heldObject{value: v, group: group, world: w}
	return runtime.RemoteObjectID(id)
}

func (o *objectStore) get(id runtime.RemoteObjectID) (heldObject, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	h, ok := o.held[string(id)]
	if !ok {
		if strings.Count(string(id), ".") != 2 {
			return h, failed("Invalid remote object id")
		}
		return h, failed("Could not find object with given id")
	}
	return h, nil
}

func (o *objectStore) release(match func(id string, h heldObject) bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id, h := range o.held {
		if match(id, h) {
			delete(o.held, id)
		}
	}
}

// drop releases the objects of a realm that is gone.
func (o *objectStore) drop(rs *realmState) {
	o.release(func(_ string, h heldObject) bool { return h.world.realm == rs })
}

// wrapOptions say how a value is to be told.
type wrapOptions struct {
	group                  string
	byValue, preview, deep bool
	depth                  int64 // of deep; -1 for all
}

func newWrap(group string, byValue, preview *bool, o *runtime.SerializationOptions) wrapOptions {
	w := wrapOptions{group: group, byValue: byValue != nil && *byValue, preview: preview != nil && *preview, depth: -1}
	if o == nil {
		return w
	}
	switch o.Serialization {
	case runtime.SerializationOptionsSerializationJSON:
		w.byValue = true
	case runtime.SerializationOptionsSerializationDeep:
		w.deep, w.byValue = true, false
		if o.MaxDepth != nil {
			w.depth = *o.MaxDepth
		}
	}
	return w
}

// errByValue is worded as V8 words it: clients read it.
var errByValue = &cdp.MessageError{Code: cdp.CodeServerError, Message: "Object couldn't be returned by value"}

// wrap tells a value: by value, or as an object the session holds. On the loop.
func (s *session) wrap(w *world, v goja.Value, o wrapOptions) (*runtime.RemoteObject, error) {
	rs := w.realm
	r := rs.describe(v)
	switch r.Type {
	case runtime.RemoteObjectTypeUndefined:
		r.Description = ""
	case runtime.RemoteObjectTypeString, runtime.RemoteObjectTypeBoolean:
		raw, err := cdp.Encode(v.Export())
		if err != nil {
			return nil, err
		}
		r.Value, r.Description = raw, ""
	case runtime.RemoteObjectTypeNumber:
		r.setNumber(v.ToFloat())
	case runtime.RemoteObjectTypeBigint:
		r.UnserializableValue = runtime.UnserializableValue(r.Description)
	default:
		if r.Subtype == runtime.RemoteObjectSubtypeNull {
			r.Value, r.Description = jsonv2.Value("null"), ""
			break
		}
		if o.byValue {
			text, err := rs.byValue(v)
			if err != nil {
				return nil, err
			}
			r.Value = jsonv2.Value(text)
			r.Description, r.ClassName = "", ""
			break
		}
		r.ObjectID = s.objects.add(v, o.group, w)
		if o.preview && r.Type == runtime.RemoteObjectTypeObject {
			r.Preview = rs.preview(v, &r.RemoteObject, true)
		}
	}
	if o.deep {
		if text, err := rs.deep(v, o.depth); err == nil {
			d := &runtime.DeepSerializedValue{}
			if cdp.Decode(jsonv2.Value(text), d) == nil {
				r.DeepSerializedValue = d
			}
		}
	}
	return &r.RemoteObject, nil
}

// described is a remote object in the making.
type described struct{ runtime.RemoteObject }

func (r *described) setNumber(f float64) {
	switch {
	case math.IsNaN(f), math.IsInf(f, 0), f == 0 && math.Signbit(f):
		if f == 0 {
			r.Description = "-0"
		}
		r.UnserializableValue = runtime.UnserializableValue(r.Description)
	default:
		raw, _ := cdp.Encode(f)
		r.Value = raw
	}
}

// describe says what a value is; on the loop.
func (rs *realmState) describe(v goja.Value) *described {
	if v == nil {
		v = goja.Undefined()
	}
	r := &described{}
	agent := rs.realm.Agent()
	out, err := agent.Call(rs.helper.describe, goja.Undefined(), v, agent.Runtime().ToValue(hint(v)))
	if err != nil {
		r.Type, r.ClassName, r.Description = runtime.RemoteObjectTypeObject, "Object", "Object"
		return r
	}
	list := out.(*goja.Object)
	r.Type = runtime.RemoteObjectType(list.Get("0").String())
	r.Subtype = runtime.RemoteObjectSubtype(list.Get("1").String())
	r.ClassName, r.Description = list.Get("2").String(), list.Get("3").String()
	if r.Subtype == runtime.RemoteObjectSubtypeError {
		r.Description = v8Stack(r.Description)
	}
	if r.Type == runtime.RemoteObjectTypeObject && r.Subtype == "" {
		if n, ok := idl.Unwrap[*window.Node](v); ok {
			r.Subtype, r.Description = runtime.RemoteObjectSubtypeNode, nodeDescription(n)
		}
	}
	return r
}

var promiseType, proxyType = reflect.TypeFor[*goja.Promise](), reflect.TypeFor[goja.Proxy]()

// nodeDescription is a node in a word: "div#main.wide".
func nodeDescription(n *window.Node) string {
	d := n.Describe()
	if d.Type != 1 {
		return d.Name
	}
	out := d.LocalName
	for _, a := range d.Attributes {
		if a[0] == "id" && a[1] != "" {
			out += "#" + a[1]
		}
	}
	for _, a := range d.Attributes {
		if a[0] == "class" {
			for _, c := range strings.Fields(a[1]) {
				out += "." + c
			}
		}
	}
	return out
}

// hint is the interpreter's class of an object, which no script can forge.
func hint(v goja.Value) string {
	if o, ok := v.(*goja.Object); ok {
		if idl.IsPlatformObject(v) {
			return "Platform"
		}
		switch o.ExportType() {
		case promiseType:
			return "Promise"
		case proxyType:
			return "Proxy"
		}
		return o.ClassName()
	}
	return ""
}

// byValue is a value's JSON; on the loop.
func (rs *realmState) byValue(v goja.Value) (string, error) {
	out, err := rs.realm.Agent().Call(rs.helper.byValue, goja.Undefined(), v)
	if err != nil {
		thrown := script.Thrown(rs.realm.Runtime(), err)
		if _, object := thrown.(*goja.Object); !object && thrown != nil {
			return "", failed("%s", thrown.String())
		}
		return "", errByValue
	}
	return out.String(), nil
}

func (rs *realmState) deep(v goja.Value, depth int64) (string, error) {
	rt := rs.realm.Runtime()
	if depth < 0 {
		depth = 1000
	}
	hints := func(c goja.FunctionCall) goja.Value { return rt.ToValue(hint(c.Argument(0))) }
	out, err := rs.realm.Agent().Call(rs.helper.deep, goja.Undefined(), v, rt.ToValue(depth), rt.ToValue(hints))
	if err != nil {
		return "", err
	}
	return out.String(), nil
}

// argument is a call argument as a value; on the loop.
func (s *session) argument(rs *realmState, a *runtime.CallArgument) (goja.Value, error) {
	rt := rs.realm.Runtime()
	switch {
	case a == nil:
		return goja.Undefined(), nil
	case a.ObjectID != "":
		h, err := s.objects.get(a.ObjectID)
		if err != nil {
			return nil, err
		}
		if h.world.realm.realm.Agent() != rs.realm.Agent() {
			return nil, failed("Argument should belong to the same JavaScript world as target object")
		}
		return h.value, nil
	case a.UnserializableValue != "":
		return unserializable(rt, string(a.UnserializableValue))
	case len(a.Value) > 0:
		return fromJSON(rt, a.Value)
	}
	return goja.Undefined(), nil
}

func unserializable(rt *goja.Runtime, text string) (goja.Value, error) {
	switch text {
	case "NaN":
		return goja.NaN(), nil
	case "Infinity":
		return goja.PositiveInf(), nil
	case "-Infinity":
		return goja.NegativeInf(), nil
	case "-0":
		return rt.ToValue(math.Copysign(0, -1)), nil
	}
	if digits, ok := strings.CutSuffix(text, "n"); ok {
		if n, ok := parseBigInt(digits); ok {
			return rt.ToValue(n), nil
		}
	}
	return nil, invalid("Couldn't parse value object in call argument")
}

// fromJSON makes a value of JSON.
func fromJSON(rt *goja.Runtime, raw jsonv2.Value) (goja.Value, error) {
	parse, _ := goja.AssertFunction(rt.GlobalObject().Get("JSON").ToObject(rt).Get("parse"))
	v, err := parse(goja.Undefined(), rt.ToValue(string(raw)))
	if err != nil {
		return nil, invalid("Couldn't parse value object in call argument")
	}
	return v, nil
}
