// Registers the worker of the folder the page is in and reports how that went in
// <html data-state>: "ready", or "error: …". Pages may set window.registerOptions
// and window.afterReady (awaited before "ready"). ?noreg leaves it out.
(async () => {
  const root = document.documentElement;
  const folder = '/' + location.pathname.split('/')[1] + '/';
  const params = new URLSearchParams(location.search);
  try {
    if (!params.has('noreg')) {
      const options = Object.assign({ scope: folder }, window.registerOptions);
      const query = params.has('script') ? '?' + params.get('script') : '';
      const reg = await navigator.serviceWorker.register(folder + 'sw.js' + query, options);
      window.registration = reg;
      await new Promise((resolve) => {
        const worker = reg.active || reg.waiting || reg.installing;
        const done = () => {
          if (['activated', 'redundant'].includes(worker.state) || reg.waiting) resolve();
        };
        worker.addEventListener('statechange', done);
        done();
      });
    }
    if (window.afterReady) await window.afterReady();
    root.dataset.state = 'ready';
  } catch (e) {
    root.dataset.state = 'error: ' + e.message;
  }
})();
