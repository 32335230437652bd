addEventListener('install', () => skipWaiting());

addEventListener('push', event => {
  const message = event.data ? event.data.json() : { title: 'Something is new' };
  event.waitUntil(registration.showNotification(message.title, {
    body: message.order ? `Tap to see order ${message.order}` : '',
    tag: message.order ? `order-${message.order}` : '',
    data: message,
  }));
});

addEventListener('notificationclick', event => {
  event.notification.close();
  event.waitUntil(clients.openWindow(`/orders/${event.notification.data.order}`));
});
