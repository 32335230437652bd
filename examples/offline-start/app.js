document.querySelector('#state').textContent = 'started';
navigator.serviceWorker.register('/sw.js');
