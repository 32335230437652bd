package debugging

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
)

func (w *debuggee) stack(frames any) string {
	list, _ := frames.([]any)
	var all []string
	for _, f := range list {
		all = append(all, w.frame(f.(object)))
	}
	return strings.Join(all, " < ")
}

func (w *debuggee) frame(f object) string {
	name, _ := f["functionName"].(string)
	if name == "" {
		name = "-"
	}
	if l, ok := f["location"].(object); ok {
		return name + " " + w.place(l)
	}
	return name + " " + w.plain(f["url"].(string)) + fmt.Sprintf(":%v", f["lineNumber"])
}

func (w *debuggee) place(l object) string {
	w.note()
	return w.plain(fmt.Sprintf("%s:%v", w.urls[fmt.Sprint(l["scriptId"])], l["lineNumber"]))
}

// plain takes what differs between runs off a text.
func (w *debuggee) plain(text string) string { return strings.ReplaceAll(text, w.origin+"/", "") }

func firstLine(s string) string { s, _, _ = strings.Cut(s, "\n"); return s }

// value is a remote object in a word.
func value(v any) string {
	o, ok := v.(object)
	if !ok {
		return "?"
	}
	if u, ok := o["unserializableValue"]; ok {
		return fmt.Sprint(u)
	}
	if d, ok := o["description"].(string); ok && o["type"] != "number" {
		return firstLine(d)
	}
	if x, ok := o["value"]; ok {
		return quoteJSON(x)
	}
	return fmt.Sprint(o["type"])
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// scopes says the scopes of a frame that hold something, without what is in the global
// object.
func (w *debuggee) scopes(frame int) {
	w.t.Helper()
	chain, _ := at(w.last, "callFrames", frame, "scopeChain").([]any)
	for _, s := range chain {
		kind := at(s, "type").(string)
		if kind == "global" {
			w.say("  scope global")
			continue
		}
		name, _ := at(s, "name").(string)
		if kind == "block" || kind == "catch" {
			name = "" // V8's is the function's, not always the right one
		}
		if names := w.properties(kind, at(s, "object", "objectId")); names != "{}" {
			w.say("  scope %s %s %s", kind, or(name, "-"), names)
		}
	}
}

// properties are those of an object, sorted: {a: 1, b: ?}.
func (w *debuggee) properties(kind string, id any) string {
	w.t.Helper()
	r := w.do("Runtime.getProperties", object{"objectId": id, "ownProperties": true})
	list, _ := r["result"].([]any)
	var all []string
	for _, p := range list {
		o := p.(object)
		if kind == "closure" && w.closures != nil && !slices.Contains(w.closures, o["name"].(string)) {
			continue
		}
		if v, ok := o["value"]; ok {
			if text := value(v); len(text) > 40 {
				all = append(all, fmt.Sprintf("%s: %s…", o["name"], text[:40]))
				continue
			}
			all = append(all, fmt.Sprintf("%s: %s", o["name"], value(v)))
		} else {
			all = append(all, fmt.Sprintf("%s: ?", o["name"]))
		}
	}
	sort.Strings(all)
	return "{" + strings.Join(all, ", ") + "}"
}

// async says the asynchronous parents of the last pause.
func (w *debuggee) async() {
	w.t.Helper()
	for t, ok := w.last["asyncStackTrace"].(object); ok; t, ok = t["parent"].(object) {
		w.say("  async %v: %s", t["description"], w.stack(t["callFrames"]))
	}
}

func at(v any, path ...any) any {
	for _, step := range path {
		switch k := step.(type) {
		case string:
			o, _ := v.(object)
			v = o[k]
		case int:
			l, _ := v.([]any)
			if k >= len(l) {
				return nil
			}
			v = l[k]
		}
	}
	return v
}

func quote(s string) string { return quoteJSON(s) }

func quoteJSON(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// reasons is why it paused; several when it is ambiguous.
func reasons(p object) string {
	list, _ := at(p, "data", "reasons").([]any)
	if p["reason"] != "ambiguous" {
		return fmt.Sprint(p["reason"])
	}
	var all []string
	for _, r := range list {
		all = append(all, fmt.Sprint(at(r, "reason")))
	}
	sort.Strings(all)
	return "ambiguous " + strings.Join(all, "+")
}

func flagOf(o object, name string) string {
	if v, ok := o[name]; ok {
		return fmt.Sprintf(" %s=%v", name, v)
	}
	return ""
}
