postMessage('ready');
setInterval(() => {}, 1000);
