package window

import "testing"

// A worker answers messages of a page it does not control, also while it installs.
func TestMessagesToAndFromAWorker(t *testing.T) {
	b := open(t, files{
		"/":      `<!doctype html>`,
		"/w/":    `<!doctype html>`,
		"/sw.js": `addEventListener('message', e => e.source.postMessage('re: ' + e.data))`,
	})
	p := b.page("/")
	b.want(p, `(async () => {
		const heard = new Promise(r => navigator.serviceWorker.addEventListener('message', e => r(e.data)));
		const registration = await navigator.serviceWorker.register('/sw.js', {scope: '/w/'});
		(registration.installing || registration.waiting || registration.active).postMessage('hello');
		return await heard;
	})()`, "re: hello")
}
