// What the pages of the site share.
window.appLoaded = true;
window.later = (ms) => new Promise((resolve) => setTimeout(() => resolve('later'), ms));
document.getElementById('go').addEventListener('click', () => {
  const p = document.createElement('p');
  p.id = 'clicked';
  p.textContent = 'clicked ' + document.querySelector('[name=who]').value;
  document.body.append(p);
});
