// hostile worker </script><img src=x onerror="window.hacked=1"> version __VERSION__
const markup = '<img src=x onerror="window.hacked=1">';
console.log(markup, '</script><script>window.hacked=1</script>');
console.error(markup + '\u202E\u0000');
addEventListener('install', () => { throw new Error(markup); });
addEventListener('fetch', () => {});
