'use strict';
// Without this file the page is complete. It adds filters, groups that close, and the details of each cell.
// What platforms say is untrusted: text goes in as textContent and as cloned nodes, never as HTML.
document.documentElement.classList.add('js');

addEventListener('DOMContentLoaded', () => {
  try {
    start();
  } finally {
    document.documentElement.classList.add('ready'); // whatever went wrong, the tables are to be seen
  }
});

function start() {
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const data = JSON.parse(find('#data').textContent);
  const form = find('#filters');
  const dialog = find('#details');
  const views = all('section.view');
  const toggled = new Map(); // group -> open or not, where the reader chose
  const used = new Map(); // table's section -> the cell the reader was at
  const ABSENT = ['no answer', 'no result', 'left out'];

  function make(tag, text = '', className = '') {
    const element = document.createElement(tag);
    element.textContent = text;
    if (className) element.className = className;
    return element;
  }

  // ---- the filter: the form is its state, the URL's fragment its copy

  function chosen() {
    const fields = new FormData(form);
    return {
      view: fields.get('view'), q: fields.get('q').trim().toLowerCase(), family: fields.get('family') || '',
      differs: fields.has('differs'), platform: new Set(fields.getAll('platform')),
      group: new Set(fields.getAll('group')), outcome: new Set(fields.getAll('outcome')),
    };
  }

  function written(cell) {
    const fields = new URLSearchParams([...new FormData(form)].filter(([name, value]) => value || name === 'view'));
    if (fields.get('view') === usualView()) fields.delete('view');
    toggled.forEach((open, group) => fields.append(open ? 'open' : 'closed', group));
    if (cell) fields.set('cell', cell);
    return fields.toString();
  }

  function read() {
    const fields = new URLSearchParams(location.hash.slice(1));
    form.reset();
    for (const input of form.elements) {
      if (input.type === 'checkbox' || (input.type === 'radio' && fields.has('view'))) {
        input.checked = fields.getAll(input.name).includes(input.value);
      } else if (input.name === 'q' || input.name === 'family') {
        input.value = fields.get(input.name) || '';
      }
    }
    if (!form.elements.view.value && fields.get('view') !== '') choose(usualView());
    if (form.elements.family.selectedIndex < 0) form.elements.family.value = '';
    if (fields.has('platform')) find('.platforms').open = true;
    toggled.clear();
    fields.getAll('open').forEach((group) => toggled.set(group, true));
    fields.getAll('closed').forEach((group) => toggled.set(group, false));
    apply();
    if (fields.has('cell')) openNamed(fields.get('cell'));
    else if (dialog.open) dialog.close();
  }

  const radios = () => all('input[name=view]', form);
  const choose = (key) => radios().forEach((radio) => { radio.checked = radio.value === key; });

  /** The first subject and bind mode with a failure, else the first. */
  function usualView() {
    const bad = views.find((view) => find('td > a', view));
    return (bad || views[0])?.dataset.key ?? '';
  }

  let keeper = 0;

  /** Browsers refuse many changes of the address in a short time, so fast typing is one change. */
  function keep(cell) {
    clearTimeout(keeper);
    keeper = setTimeout(() => history.replaceState(null, '', `#${written(cell)}`), 120);
  }

  // ---- what is shown

  function apply() {
    const wanted = chosen();
    let shown = 0;
    let total = 0;
    for (const view of views) {
      view.hidden = wanted.view !== '' && view.dataset.key !== wanted.view;
      if (view.hidden) continue;
      const counts = applyToTable(view, wanted);
      shown += counts[0];
      total += counts[1];
    }
    applyToFailures(wanted);
    applyToFacts(wanted);
    find('#nothing').hidden = shown > 0;
    find('#shown').textContent = shown === total ? `${total} probes` : `${shown} of ${total} probes`;
  }

  function applyToTable(view, wanted) {
    const hidden = data.platforms.map(({name}) => wanted.platform.size > 0 && !wanted.platform.has(name));
    const reference = data.platforms.findIndex(({name}) => name === data.reference);
    const narrowed = wanted.q || wanted.differs || wanted.outcome.size > 0;
    const columns = (row) => hidden.forEach((hide, place) => { row.cells[place + 1].hidden = hide; });
    let shown = 0;
    let total = 0;
    columns(find('thead tr', view));
    for (const body of all('tbody', view)) {
      const [head, ...rows] = body.rows;
      const outside = wanted.group.size > 0 && !wanted.group.has(body.dataset.group);
      const matching = outside ? [] : rows.filter((row) => matches(row, wanted, hidden, reference));
      const open = toggled.get(body.dataset.group)
        ?? (narrowed || wanted.group.size > 0 || matching.some((row) => find('a', row)));
      const visible = new Set(open ? matching : []);
      columns(head);
      rows.forEach((row) => {
        row.classList.toggle('closed', !open && matching.includes(row));
        row.hidden = !visible.has(row) && !row.classList.contains('closed');
        if (!row.hidden) columns(row);
      });
      body.hidden = matching.length === 0;
      find('button', head).setAttribute('aria-expanded', String(open));
      find('.count', head).textContent = matching.length === rows.length ? rows.length
        : `${matching.length} of ${rows.length}`;
      shown += matching.length;
      total += rows.length;
    }
    one(view);
    return [shown, total];
  }

  function matches(row, wanted, hidden, reference) {
    const words = [...row.cells].slice(1).map((cell) => cell.title);
    const seen = words.filter((_, place) => !hidden[place]);
    if (wanted.outcome.size > 0 && !seen.some((word) => wanted.outcome.has(word))) return false;
    if (wanted.differs && !differs(seen, words[reference])) return false;
    return !wanted.q || said(row).includes(wanted.q);
  }

  /** Of contracts the outcome, of facts the value; that there is no answer is no difference. */
  function differs(words, reference) {
    const answers = words.filter((word) => !ABSENT.includes(word));
    const same = ABSENT.includes(reference) || reference === undefined ? answers[0] : reference;
    return answers.some((word) => word !== same || word === 'varies');
  }

  function said(row) {
    return `${row.cells[0].textContent} ${data.probes[row.dataset.n][0]}`.toLowerCase();
  }

  const narrows = (wanted) => wanted.q !== '' || wanted.platform.size > 0;

  function applyToFailures(wanted) {
    for (const article of all('#failures article')) {
      const outside = wanted.group.size > 0 && !wanted.group.has(article.dataset.group);
      for (const failure of all('.failure', article)) {
        const {place, word} = failure.dataset;
        failure.hidden = outside || (wanted.platform.size > 0 && !wanted.platform.has(data.platforms[place].name))
          || (wanted.outcome.size > 0 && !wanted.outcome.has(word))
          || (wanted.q !== '' && !`${find('h3', article).textContent} ${failure.textContent}`.toLowerCase().includes(wanted.q));
      }
      const more = find('.more', article);
      if (more) more.open = all('.failure', more).some((failure) => !failure.hidden) && narrows(wanted);
      article.hidden = all('.failure', article).every((failure) => failure.hidden);
    }
  }

  function applyToFacts(wanted) {
    const table = find('#facts table');
    if (!table) return;
    const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.dataset.name);
    const hidden = names.map((name) => wanted.platform.size > 0 && !wanted.platform.has(name) && name !== data.reference);
    const columns = (row) => hidden.forEach((hide, place) => { row.cells[place + 1].hidden = hide; });
    columns(table.tHead.rows[0]);
    for (const body of table.tBodies) {
      const [head, ...rows] = body.rows;
      for (const row of rows) {
        columns(row);
        row.hidden = (wanted.group.size > 0 && !wanted.group.has(row.dataset.group))
          || (wanted.q !== '' && !row.textContent.toLowerCase().includes(wanted.q))
          || ![...row.cells].some((cell, place) => place > 0 && !cell.hidden && !['same', 'missing'].includes(cell.className));
      }
      body.hidden = (wanted.family !== '' && wanted.family !== body.dataset.family) || rows.every((row) => row.hidden);
      head.hidden = body.hidden;
    }
  }

  // ---- groups that close

  for (const head of all('.view tr.group')) {
    const button = make('button');
    button.type = 'button';
    button.append(...head.cells[0].childNodes, ' ', make('small', '', 'count'));
    head.cells[0].append(button);
    button.addEventListener('click', () => {
      toggled.set(head.parentNode.dataset.group, button.getAttribute('aria-expanded') !== 'true');
      apply();
      keep();
    });
  }

  // ---- the matrix by keyboard: one stop of the Tab key, arrows inside

  const cellsOf = (row) => [...row.cells].filter((cell) => !cell.hidden);
  const rowsOf = (view) => all('tr[data-n]', view).filter((row) => !row.hidden && !row.classList.contains('closed'));

  /** Exactly one cell of a table can be reached with Tab: the last used, else the first that went wrong or is there. */
  function one(view, cell) {
    if (cell) used.set(view, cell);
    const rows = new Set(rowsOf(view));
    const usable = (each) => each && !each.hidden && rows.has(each.parentNode);
    const next = [used.get(view), ...all('td > a', view).map((link) => link.parentNode)].find(usable)
      || (rows.size ? cellsOf([...rows][0])[1] : null);
    all('[data-n] > [tabindex]', view).forEach((old) => old.removeAttribute('tabindex'));
    if (next) next.tabIndex = 0;
  }

  function move(cell, key) {
    const view = cell.closest('.view');
    const rows = rowsOf(view);
    const columns = cellsOf(cell.parentNode);
    const row = rows.indexOf(cell.parentNode);
    const column = columns.indexOf(cell);
    const to = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1], Home: [row, 0], End: [row, columns.length - 1],
      PageUp: [Math.max(0, row - 10), column], PageDown: [Math.min(rows.length - 1, row + 10), column],
    }[key];
    const next = rows[to[0]] && cellsOf(rows[to[0]])[to[1]];
    if (!next) return;
    one(view, next);
    next.focus();
  }

  for (const view of views) {
    const table = find('table', view);
    table.setAttribute('role', 'grid');
    all('td > a', view).forEach((link) => { link.tabIndex = -1; });
    find('.scroll', view).removeAttribute('tabindex');
    table.addEventListener('click', (event) => {
      const cell = event.target.closest('tr[data-n] > *');
      if (!cell) return;
      event.preventDefault();
      one(view, cell);
      show(cell);
    });
    table.addEventListener('focusin', ({target}) => {
      if (target.matches('td[title]')) {
        target.setAttribute('aria-label', `${target.title}: ${data.platforms[target.cellIndex - 1].name}`);
      }
    });
    table.addEventListener('keydown', (event) => {
      if (!event.target.matches('[data-n] > *') || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === 'Enter' || event.key === ' ') show(event.target);
      else if (/^(Arrow(Up|Down|Left|Right)|Home|End|Page(Up|Down))$/.test(event.key)) move(event.target, event.key);
      else return;
      event.preventDefault();
    });
  }

  // ---- the details of a cell

  function show(cell) {
    const row = cell.parentNode;
    const number = Number(row.dataset.n);
    const view = cell.closest('.view');
    const [id, kind, text] = data.probes[number];
    const place = cell.cellIndex - 1;
    const body = find('#details-body');
    const told = find(`#t${text}`);
    find('#details-title').textContent = row.cells[0].firstChild.textContent.trim();
    body.replaceChildren();
    if (place >= 0) body.append(...outcome(view, row, cell, place));
    if (told) {
      body.append(make('h3', kind === 'fact' ? 'What it asks' : 'What it demands'));
      body.append(...[...find('dd', told).children].map((child) => child.cloneNode(true)));
    }
    body.append(make('p', id, 'id'));
    dialog.dataset.cell = `${view.dataset.key} ${place} ${number}`;
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    find('#details-title').focus();
    keep(dialog.dataset.cell);
  }

  function outcome(view, row, cell, place) {
    const result = data.sections[view.dataset.key][place];
    const index = all('tr[data-n]', view).indexOf(row);
    const more = result && result.more[index] ? data.texts[result.more[index] - 1] : {};
    const head = make('p', '', 'outcome');
    const mark = make('span', cell.textContent.trim(), 'sign');
    mark.dataset.word = cell.title;
    head.append(mark, ` ${cell.title} `, make('span', `${data.platforms[place].name} · ${find('h3', view).textContent}`, 'muted'));
    const parts = [head];
    if (more.failure !== undefined) {
      parts.push(...[...find(`#f${more.failure}`).children].slice(1).map((child) => child.cloneNode(true)));
    }
    if (more.reason !== undefined) parts.push(make('p', find(`#r${more.reason}`).textContent));
    if (more.note) parts.push(make('pre', more.note));
    if (!result) parts.push(make('p', 'This cell was not part of the run.'));
    else if (result.reason) parts.push(make('p', result.reason));
    if (more.facts) parts.push(make('h3', 'Measured'), pairs(more.facts));
    if (more.unstable) parts.push(make('h3', 'Varied'), pairs(more.unstable));
    if (more.explained_by) parts.push(make('h3', 'Facts that may explain it'), compared(more.explained_by, place));
    if (more.bound) parts.push(pairs([['server bound', more.bound]]));
    if (more.counts) parts.push(make('h3', 'Repeats'), pairs(more.counts.map(([count, word]) => [word, `${count}×`])));
    if (result && result.ms[index]) parts.push(make('p', `${(result.ms[index] / 1000).toFixed(3)} s`, 'muted'));
    const log = all('pre[data-place]').find((each) => each.dataset.key === view.dataset.key && each.dataset.place === String(place));
    if (log) parts.push(log.parentNode.cloneNode(true));
    return parts;
  }

  function pairs(several) {
    const list = make('dl', '', 'pairs');
    for (const [name, value] of several) {
      const pair = make('div');
      pair.append(make('dt', name), make('dd', value));
      list.append(pair);
    }
    return list;
  }

  function compared(names, place) {
    const here = data.platforms[place];
    const there = data.platforms.find(({name}) => name === data.reference);
    return pairs(names.map((name) => {
      const value = here.facts[name] ?? 'not measured';
      if (!there || there === here) return [name, value];
      const other = there.facts[name] ?? 'not measured';
      return [name, value === other ? `${value}, as on ${there.name}` : `${value}; on ${there.name}: ${other}`];
    }));
  }

  /** `SUBJECT/BIND/BUILD PLACE NUMBER`; a name may hold blanks. */
  function openNamed(name) {
    const [, key, place, number] = /^([^]*) (-?\d+) (\d+)$/.exec(name) || [];
    const view = views.find((each) => each.dataset.key === key);
    const row = view && find(`tr[data-n="${number}"]`, view);
    const cell = row && row.cells[Number(place) + 1];
    if (!cell) return;
    one(view, cell);
    show(cell);
  }

  dialog.addEventListener('close', () => {
    const cell = find('.view:not([hidden]) [data-n] > [tabindex="0"]');
    if (cell) cell.focus();
    keep();
  });
  dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });

  // ---- the whole page

  form.addEventListener('input', () => { apply(); keep(); });
  find('select[name=family]').addEventListener('input', () => { apply(); keep(); });
  form.addEventListener('submit', (event) => event.preventDefault());
  find('#show-all').addEventListener('click', () => {
    clearTimeout(keeper);
    history.replaceState(null, '', '#');
    read();
  });
  addEventListener('hashchange', read);
  addEventListener('keydown', (event) => {
    const search = form.elements.q;
    if (event.key === '/' && !dialog.open && !event.target.matches('input:not([type=checkbox], [type=radio]), select')) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === 'Escape' && event.target === search) {
      search.value = '';
      apply();
      keep();
    }
  });
  addEventListener('beforeprint', () => all('details.more').forEach((more) => { more.open = true; }));
  // the fragment is the filter's, so links inside the page scroll without it
  document.addEventListener('click', (event) => {
    const link = event.target.closest('nav a, a.skip');
    if (!link) return;
    event.preventDefault();
    const target = find(link.getAttribute('href'));
    target.scrollIntoView();
    target.focus({preventScroll: true});
  });
  read();
}
