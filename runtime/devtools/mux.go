package devtools

import (
	"github.com/chromedp/cdproto/runtime"

	"github.com/swinspect/swinspect/cdp"
)

// table is the commands of one kind of session, and their description for
// /json/protocol.
type table struct {
	mux     *cdp.Mux
	domains map[string]*domainDescription
}

func newTable() *table { return &table{cdp.NewMux(), map[string]*domainDescription{}} }

// tables are what each kind of target understands. Which domains a kind has follows
// Chromium: a service worker has no ServiceWorker domain, a tab hardly any.
type tables struct {
	browser, tab, page, worker, serviceWorker *table
}

func newTables() tables {
	t := tables{newTable(), newTable(), newTable(), newTable(), newTable()}
	for _, x := range []*table{t.browser, t.tab, t.page, t.worker, t.serviceWorker} {
		targetDomain(x)
	}
	handle(t.tab, runtime.RunIfWaitingForDebugger, runIfWaiting)
	handle(t.browser, runtime.RunIfWaitingForDebugger, runIfWaiting)
	browserDomain(t.browser)
	targetBrowserDomain(t.browser)
	schemaDomain(t.browser)
	storageBrowserDomain(t.browser)
	ioDomain(t.browser)
	for _, x := range []*table{t.page, t.worker, t.serviceWorker} {
		runtimeDomain(x)
		networkDomain(x)
		fetchDomain(x)
		logDomain(x)
		inspectorDomain(x)
		enabledOnly(x)
		ioDomain(x)
		storageDomain(x)
		emulationDomain(x)
		indexedDBDomain(x)
		debuggerDomain(x)
		performanceDomain(x)
	}
	targetWorkerDomain(t.worker)
	targetWorkerDomain(t.serviceWorker)
	rewindCommands(t.serviceWorker)
	schemaDomain(t.page)
	targetBrowserDomain(t.page)
	browserDomain(t.page)
	pageDomain(t.page)
	domDomain(t.page)
	serviceWorkerDomain(t.page)
	cacheStorageDomain(t.page)
	backgroundServiceDomain(t.page)
	swinspectDomain(t.page)
	return t
}

func (t *tables) of(kind string) *table {
	switch kind {
	case kindTab:
		return t.tab
	case kindPage, kindOther:
		return t.page
	case kindServiceWorker:
		return t.serviceWorker
	}
	return t.worker
}
