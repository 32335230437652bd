package window

import "testing"

const database = `
	const wait = r => new Promise((ok, no) => { r.onsuccess = () => ok(r.result); r.onerror = () => no(r.error) });
	const db = async () => { const r = indexedDB.open('d', 1); r.onupgradeneeded = () => r.result.createObjectStore('s', { keyPath: 'id' }); return wait(r) };
	const put = async v => wait((await db()).transaction('s', 'readwrite').objectStore('s').put(v));
	const get = async id => wait((await db()).transaction('s').objectStore('s').get(id));`

// What a worker writes a page reads; a worker that was stopped and started finds it again.
func TestDatabasesAreShared(t *testing.T) {
	b := open(t, files{
		"/": `<!doctype html>`,
		"/sw.js": database + `
			addEventListener('install', e => e.waitUntil(put({ id: 1, at: new Date(5), by: 'worker' })));
			addEventListener('activate', e => e.waitUntil(clients.claim()));
			addEventListener('fetch', e => { if (e.request.url.endsWith('/answer')) e.respondWith(get(2).then(v => new Response(v.by + JSON.stringify([...v.bytes])))) })`,
		"/answer": "from the network",
	})
	p := b.page("/")
	b.want(p, `(async () => {`+database+`
		await navigator.serviceWorker.register('/sw.js'); await navigator.serviceWorker.ready;
		if (!navigator.serviceWorker.controller) await new Promise(r => navigator.serviceWorker.oncontrollerchange = r);
		await put({ id: 2, by: 'page', bytes: new Uint8Array([1, 2]) });
		const v = await get(1); return v.by + v.at.getTime();
	})()`, "worker5")
	b.DefaultContext().Engine().StopAll(t.Context(), nil)
	b.want(p, `fetch('/answer').then(r => r.text())`, "page[1,2]")
}

func TestWebStorage(t *testing.T) {
	b := open(t, files{"/": `<!doctype html>`})
	one, two := b.page("/"), b.page("/")
	b.want(one, `var event = new Promise(r => onstorage = r); sessionStorage.own = 1; localStorage.getItem('k')`, "null")
	b.want(two, `localStorage.k = 'v'; sessionStorage.length + localStorage.k`, "0v")
	b.want(one, `event.then(e => e.key + e.oldValue + e.newValue + e.url + (e.storageArea === localStorage))`, "knullvhttps://site.test/true")
	b.want(one, `localStorage.k + sessionStorage.own`, "v1")
}

func TestLocksAndCryptoInPages(t *testing.T) {
	b := open(t, files{"/": `<!doctype html>`})
	one, two := b.page("/"), b.page("/")
	b.want(one, `var free; navigator.locks.request('l', () => new Promise(r => free = r)); navigator.storage.estimate().then(e => e.quota > 0)`, "true")
	b.want(two, `navigator.locks.request('l', { ifAvailable: true }, l => l)`, "null")
	b.want(one, `free(); 1`, "1")
	b.want(two, `navigator.locks.request('l', l => l.name)`, "l")
	b.want(one, `crypto.subtle.digest('SHA-1', new TextEncoder().encode('abc')).then(d => btoa(String.fromCharCode(...new Uint8Array(d))) + crypto.randomUUID().length)`, "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=36")
	b.want(one, `new Response(new Blob(['hello']).stream().pipeThrough(new CompressionStream('gzip')).pipeThrough(new DecompressionStream('gzip')).pipeThrough(new TextDecoderStream()).pipeThrough(new TextEncoderStream())).text()`, "hello")
}
