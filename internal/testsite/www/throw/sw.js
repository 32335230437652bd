addEventListener('install', () => { throw new Error('install threw'); });
addEventListener('fetch', () => {});
