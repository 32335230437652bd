document.querySelector('main').textContent = 'app v2';
navigator.serviceWorker.register('/sw.js');
