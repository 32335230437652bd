package components

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/swinspect/swinspect/inspector"
)

// JSString is a text as a JavaScript string literal in single quotes.
func JSString(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return "''"
	}
	inner := strings.ReplaceAll(string(b[1:len(b)-1]), `\"`, `"`)
	return "'" + strings.ReplaceAll(inner, "'", `\'`) + "'"
}

// ActionScript is an action as a statement of a session script (see `swinspect types`);
// "" when scripts have no word for it. st tells the pages that are acted on.
func ActionScript(a inspector.Action, st *inspector.State) string {
	switch a.Kind {
	case inspector.Update, inspector.Unregister, inspector.Start:
		return "await registration." + string(a.Kind) + "();"
	case inspector.SkipWaiting:
		return "await registration.skipWaiting();"
	case inspector.Stop:
		return "await registration.kill();"
	case inspector.StopAll:
		return "await browser.kill();"
	case inspector.Push:
		if a.Binary {
			return ""
		}
		return "await registration.push(" + JSString(a.Data) + ");"
	case inspector.Sync:
		return "await registration.sync(" + JSString(a.Tag) + ");"
	case inspector.PeriodicSync:
		return "await registration.periodicSync(" + JSString(a.Tag) + ");"
	case inspector.SetOffline:
		return "await browser.network.offline(" + boolWord(a.On) + ");"
	case inspector.SetBypass:
		return "await browser.network.bypassServiceWorker(" + boolWord(a.On) + ");"
	case inspector.SetUpdateOnReload:
		return "await browser.network.updateOnReload(" + boolWord(a.On) + ");"
	case inspector.DeleteCache:
		return "await " + cachesOf(a.Cache.StorageKey) + ".delete(" + JSString(a.Cache.Name) + ");"
	case inspector.DeleteEntry:
		return "await " + cachesOf(a.Cache.StorageKey) + ".open(" + JSString(a.Cache.Name) + ").delete(" + JSString(a.URL) + ");"
	case inspector.ClearSiteData:
		return "await browser.clearSiteData(" + JSString(Origin(a.Storage.StorageKey)) + ");"
	case inspector.FocusClient, inspector.ReloadClient, inspector.CloseClient:
		return clientScript(a, st)
	}
	return ""
}

func cachesOf(storageKey string) string {
	return "browser.cachesOf(" + JSString(Origin(storageKey)) + ")"
}

// clientScript acts on the page that has the URL which the client has now.
func clientScript(a inspector.Action, st *inspector.State) string {
	if st == nil {
		return ""
	}
	method, _, _ := strings.Cut(string(a.Kind), " ")
	for _, t := range st.Targets {
		if t.Key.ID == a.Client {
			return "await (await pageAt(" + JSString(t.URL) + "))." + method + "();"
		}
	}
	return ""
}

// pageAt is what a script needs to find a page.
const pageAt = `async function pageAt(url) {
  for (const page of await browser.pages()) if (await page.url() === url) return page;
  throw new Error('no page is at ' + url);
}
`

// ScriptHead begins a session script on what the page is attached to.
func ScriptHead(h *Head) string {
	var b strings.Builder
	endpoint := h.State.Connection.Endpoint
	if endpoint == "" || endpoint == "engine" {
		b.WriteString("const browser = await start();\n")
	} else {
		b.WriteString("const browser = await attach(" + JSString(endpoint) + ");\n")
	}
	b.WriteString("const registration = browser.registration(" + JSString(h.Registration.Scope) + ");\n")
	return b.String()
}

// StepsScript is what was done to a registration by hand as a session script; "" when
// nothing was.
func StepsScript(h *Head) string {
	var steps []string
	for _, r := range h.State.Receipts {
		a := r.Action
		own := a.Registration == h.Registration.Key
		whole := a.Registration.ID == "" && a.Context == h.Registration.Key.Context && a.Context != ""
		kept := a.Cache.StorageKey != "" && a.Cache.StorageKey == h.Registration.StorageKey.Raw
		if !own && !whole && !kept {
			continue
		}
		if s := ActionScript(a, h.State); s != "" && r.Outcome != inspector.Failed {
			steps = append(steps, s)
		}
	}
	if len(steps) == 0 {
		return ""
	}
	head := ScriptHead(h)
	if slices.ContainsFunc(steps, func(s string) bool { return strings.Contains(s, "pageAt(") }) {
		head += pageAt
	}
	return head + "\n" + strings.Join(steps, "\n") + "\n"
}
