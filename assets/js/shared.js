// A shared worker: one live connection for all pages of swinspect that a browser
// has open. A browser opens only six connections per host, and a stream keeps
// its own for good: with one each, the seventh page would not even load.
//
// A page sends { page, lock } to be kept up to date and { bye } to leave. It
// holds the lock as long as it lives, so a page that just vanished is noticed.
const pages = new Map(); // port → path of its page
let source = null;
let timer = 0;
let tries = 0;

self.onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => {
    if (data.lock) self.navigator.locks?.request(data.lock, () => leave(port));
    if (data.page) join(port, data.page);
    else if (data.bye) leave(port);
  };
};

function join(port, page) {
  pages.set(port, page);
  plan(5);
}

function leave(port) {
  if (pages.delete(port) && pages.size === 0) plan(0);
}

function plan(ms) {
  clearTimeout(timer);
  timer = setTimeout(open, ms);
}

function open() {
  const old = source;
  source = null;
  old?.close();
  if (pages.size === 0) return;
  const all = [...new Set(pages.values())];
  const mine = new EventSource(`/events?${all.map((p) => `page=${encodeURIComponent(p)}`).join('&')}`);
  source = mine;
  for (const name of ['hello', 'patch', 'go']) {
    mine.addEventListener(name, (e) => {
      if (source !== mine) return;
      tries = 0;
      pass(name, JSON.parse(e.data));
    });
  }
  mine.addEventListener('error', () => {
    if (source !== mine) return;
    source = null;
    mine.close();
    pass('lost', {});
    tries += 1;
    plan(Math.min(250 * 2 ** Math.min(tries, 4), 3000));
  });
}

// pass hands an event to the pages it is about, or to all.
function pass(name, data) {
  for (const [port, page] of pages) {
    if (data.page === undefined || data.page === page) port.postMessage({ name, data });
  }
}
