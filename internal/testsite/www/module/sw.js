// module worker, version __VERSION__
import { answer } from './dep.js';
addEventListener('fetch', (event) => { if (event.request.url.endsWith('/synth')) event.respondWith(new Response(answer())); });
