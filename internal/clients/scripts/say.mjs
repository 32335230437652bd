// What every script has: where the browser and the site are, and how it tells.
export const [, , ws, http, site] = process.argv;

// say prints a line; objects as JSON, so that two runs compare.
export function say(...parts) {
  console.log(parts.map((p) => (typeof p === 'string' ? p : p === undefined ? 'undefined' : JSON.stringify(p))).join(' ').replaceAll(site, 'SITE'));
}

// failure prints how something failed that has to: the first line of its message.
export async function failure(label, run) {
  try {
    say(label, 'came back with', await run());
  } catch (e) {
    say(label, 'failed:', e.constructor.name, String(e.message).split('\n')[0]);
  }
}

// until polls.
export async function until(test, label = String(test)) {
  for (let n = 0; n < 200; n++) {
    const v = await test();
    if (v) return v;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('in vain: ' + label);
}
