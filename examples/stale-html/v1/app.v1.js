document.querySelector('main').textContent = 'app v1';
navigator.serviceWorker.register('/sw.js');
