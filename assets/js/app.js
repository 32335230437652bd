// The entry module: what every page needs.
document.documentElement.dataset.js = '';
