// busy worker, version __VERSION__
addEventListener('message', (event) => {
  if (event.data.busy) event.waitUntil(new Promise((resolve) => setTimeout(resolve, event.data.busy)));
});
addEventListener('fetch', () => {});
