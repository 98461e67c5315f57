// What a checker of accessibility asks of every page; gives the faults in words.
() => {
  const faults = [], all = (s) => [...document.querySelectorAll(s)];
  const seen = (e) => e.getClientRects().length > 0;
  const name = (e) => (e.getAttribute('aria-label') || e.textContent || e.getAttribute('alt') || '').trim();
  if (!['ja', 'en'].includes(document.documentElement.lang)) faults.push('page without language');
  if (!document.title.trim()) faults.push('page without title');
  if (all('h1').length !== 1) faults.push('not exactly one h1');
  if (all('main').length !== 1 || all('header').length < 1 || all('footer').length < 1) faults.push('landmarks');
  let level = 0;
  for (const h of all('h1,h2,h3,h4,h5,h6')) {
    const now = Number(h.tagName[1]);
    if (now > level + 1) faults.push(`heading leaps from ${level} to ${now}: ${h.textContent.trim()}`);
    level = now;
  }
  for (const e of all('input:not([type=hidden]),select,textarea'))
    if (!e.labels.length || ![...e.labels].some((l) => l.textContent.trim())) faults.push('no label: ' + e.name);
  for (const e of all('a[href],button,summary')) if (!name(e)) faults.push('no name: ' + e.outerHTML.slice(0, 80));
  for (const e of all('img')) if (!e.hasAttribute('alt')) faults.push('img without alt');
  for (const e of all('table')) {
    if (!e.querySelector('th[scope]')) faults.push('table without headers');
  }
  for (const e of all('nav')) if (!e.getAttribute('aria-label')) faults.push('nav without name');
  for (const e of all('[tabindex]')) if (e.tabIndex > 0) faults.push('positive tabindex');
  for (const e of all('[aria-labelledby],[aria-describedby]'))
    for (const id of `${e.getAttribute('aria-labelledby') || ''} ${e.getAttribute('aria-describedby') || ''}`.split(' '))
      if (id && !document.getElementById(id)) faults.push('points to nothing: ' + id);
  const ids = all('[id]').map((e) => e.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push('id twice: ' + id);
  if (all('script,[style],style,[onclick]').length) faults.push('script or inline style');
  if (document.documentElement.scrollWidth > innerWidth) faults.push('wider than the screen');
  const light = (c) => {
    const [r, g, b] = c.map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const rgba = (t) => (t.match(/[0-9.]+/g) || []).map(Number);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = rgba(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c.slice(0, 3);
    }
    return [255, 255, 255];
  };
  for (const e of all('main *, header *, footer *, .demo')) {
    if (e.closest('svg') || !seen(e) || ![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
    const style = getComputedStyle(e), a = light(rgba(style.color).slice(0, 3)), b = light(ground(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faults.push(`contrast ${ratio.toFixed(2)}: ${e.textContent.trim().slice(0, 20)}`);
  }
  for (const e of all('main button, main .button, main input:not([type=hidden])'))
    if (seen(e) && Math.max(e.getBoundingClientRect().height, (e.closest('label') || e).getBoundingClientRect().height) < 24)
      faults.push('too small to touch: ' + name(e));
  return faults;
}
