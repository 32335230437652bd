package devtools

import "testing"

// A platform object shows its attributes, as a browser's does; a getter of a script is
// never run for a look.
func TestAttributesAreShown(t *testing.T) {
	c := connect(t)
	c.register(c.page("/index.html"))
	w := worker(c)
	look := func(expression string) (preview, properties object) {
		t.Helper()
		r := c.call(w, "Runtime.evaluate", object{"expression": expression, "generatePreview": true})["result"].(object)
		preview, properties = object{}, object{}
		for _, p := range at(r, "preview", "properties").([]any) {
			preview[at(p, "name").(string)] = at(p, "value")
			if at(p, "type") == "accessor" {
				preview[at(p, "name").(string)] = "accessor"
			}
		}
		for _, p := range c.call(w, "Runtime.getProperties", object{"objectId": r["objectId"]})["result"].([]any) {
			if v := at(p, "value"); v != nil && at(v, "type") != "function" {
				properties[at(p, "name").(string)] = []any{at(v, "value"), at(v, "className"), at(p, "isOwn"), at(p, "writable")}
			}
			if at(p, "get") != nil {
				properties[at(p, "name").(string)] = "accessor"
			}
		}
		return preview, properties
	}
	preview, properties := look(`new Response('text', {status: 201})`)
	is(t, "preview", []any{preview["status"], preview["ok"], preview["type"], preview["url"], preview["body"]}, []any{"201", "true", "default", "", nil})
	is(t, "status", properties["status"], []any{201, nil, false, false})
	is(t, "headers", properties["headers"], []any{nil, "Headers", false, false})
	is(t, "a body is not looked at", properties["body"], "accessor")
	preview, _ = look(`registration`)
	is(t, "registration", []any{preview["waiting"], preview["active"], preview["scope"]}, []any{"null", "ServiceWorker", origin + "/"})
	preview, _ = look(`self`)
	is(t, "self", []any{preview["clients"], preview["registration"]}, []any{"Clients", "ServiceWorkerRegistration"})

	c.call(w, "Runtime.evaluate", object{"expression": `self.looks = 0; Object.defineProperty(Response.prototype, 'mine', {get() { looks++ }, enumerable: true, configurable: true})`})
	preview, properties = look(`Object.defineProperty(new Response(), 'own', {get() { looks++ }, enumerable: true})`)
	is(t, "getters of scripts", []any{preview["own"], preview["mine"], properties["own"], properties["mine"]}, []any{"accessor", nil, "accessor", "accessor"})
	is(t, "looks", c.evaluate(w, `looks`), 0)
	// A prototype has the getters and none of what they tell.
	_, properties = look(`Response.prototype`)
	is(t, "a prototype", properties["status"], "accessor")
}
