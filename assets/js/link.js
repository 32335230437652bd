// The way to the live stream: through the shared worker where there is one, else
// a connection of this page's own. Either comes back by itself.

const shared = new URL('./shared.js', import.meta.url);

// link calls hear(name, data) with what comes: hello, patch, go, lost.
export function link(hear) {
  return globalThis.SharedWorker && navigator.locks ? throughWorker(hear) : alone(hear);
}

function throughWorker(hear) {
  const worker = new SharedWorker(shared, 'swinspect');
  const lock = `swinspect-page-${crypto.randomUUID()}`;
  const held = new Promise((resolve) => {
    navigator.locks.request(lock, () => {
      resolve();
      return new Promise(() => {});
    });
  });
  let own = null; // a connection of this page's own, when the worker cannot be had
  let wanted = null;
  let told = false;
  worker.port.onmessage = ({ data }) => hear(data.name, data.data);
  worker.port.start();
  worker.onerror = () => {
    own = alone(hear);
    if (wanted) own.open(wanted);
  };
  return {
    async open(page) {
      wanted = page;
      await held;
      if (wanted !== page) return;
      if (own) own.open(page);
      else worker.port.postMessage(told ? { page } : { page, lock });
      told = true;
    },
    close() {
      wanted = null;
      if (own) own.close();
      else worker.port.postMessage({ bye: true });
    },
  };
}

function alone(hear) {
  let source = null;
  let tries = 0;
  let retry = 0;
  function close() {
    clearTimeout(retry);
    source?.close();
    source = null;
  }
  function open(page) {
    close();
    source = new EventSource(`/events?page=${encodeURIComponent(page)}`);
    for (const name of ['hello', 'patch', 'go']) {
      source.addEventListener(name, (e) => {
        tries = 0;
        hear(name, JSON.parse(e.data));
      });
    }
    source.addEventListener('error', () => {
      close();
      hear('lost', {});
      tries += 1;
      retry = setTimeout(open, Math.min(250 * 2 ** Math.min(tries, 4), 3000), page);
    });
  }
  return { open, close };
}
