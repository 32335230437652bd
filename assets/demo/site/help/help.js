// The help pages' own worker. A new version of it is on the server already:
// press Update to install it.
navigator.serviceWorker.register('/help/sw.js', { scope: '/help/' });
