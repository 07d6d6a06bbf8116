/** Adds `show`, `openNamed` and `openCell`: what there is to say of a cell, in a dialog. */
function addDetails(page) {
  const {data, views, dialog} = page;
  let opened = null; // the cell that gets the focus back

  function show(cell) {
    opened = cell;
    const row = cell.parentNode;
    const number = Number(row.dataset.n);
    const view = cell.closest('.view');
    const [id, kind, text] = data.probes[number];
    const place = cell.cellIndex - 1;
    const body = find('#details-body');
    const told = find(`#t${text}`);
    find('#details-title').replaceChildren(...clone('h2', row.cells[0]).childNodes);
    body.replaceChildren();
    if (place >= 0) body.append(...outcome(view, row, cell, place));
    if (told && find('.rule', told)) {
      body.append(make('h3', kind === 'fact' ? 'What it asks' : 'What it demands'));
      body.append(...all('.rule', told).map((child) => child.cloneNode(true)));
    }
    body.append(make('p', id, 'id'));
    dialog.dataset.cell = `${view.dataset.key} ${place} ${number}`;
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    find('#details-title').focus();
    page.keep(dialog.dataset.cell);
  }

  function outcome(view, row, cell, place) {
    const key = view.dataset.key;
    const result = data.sections[key][place];
    const index = all('tr[data-n]', view).indexOf(row);
    const more = result && result.more[index] ? data.texts[result.more[index] - 1] : {};
    const head = make('p', '', 'outcome');
    const mark = make('span', cell.textContent.trim(), 'sign');
    mark.dataset.word = cell.title;
    const where = `${data.platforms[place].name} · ${find('h3', view).textContent}`;
    head.append(mark, ` ${cell.title} `, make('span', where, 'muted'));
    const parts = [head];
    if (more.failure !== undefined) {
      parts.push(...[...find(`#f${more.failure}`).children].slice(1).map((child) => child.cloneNode(true)));
    }
    if (more.reason !== undefined) parts.push(clone('p', find(`#r${more.reason}`)));
    if (more.note) parts.push(make('pre', more.note));
    if (!result) parts.push(make('p', 'This cell was not part of the run.'));
    else if (result.reason) parts.push(prose('p', result.reason));
    if (more.facts) parts.push(make('h3', 'Measured'), pairs(more.facts));
    if (more.unstable) parts.push(make('h3', 'Varied'), pairs(more.unstable));
    if (more.explained_by) parts.push(make('h3', 'Facts that may explain it'), compared(more.explained_by, place));
    if (more.bound) parts.push(pairs([['server bound', more.bound]]));
    if (more.answered) parts.push(pairs([['answered', more.answered]]));
    if (more.counts && more.failure === undefined) {
      parts.push(make('h3', 'Repeats'), pairs(more.counts.map(([count, word]) => [word, `${count}×`])));
    }
    if (result && result.ms[index]) parts.push(make('p', `${(result.ms[index] / 1000).toFixed(3)} s`, 'muted'));
    const log = all('main pre[data-place]').find((each) => each.dataset.key === key
      && each.dataset.place === String(place));
    if (log) parts.push(log.parentNode.cloneNode(true));
    return parts;
  }

  const fact = (platform, name) => (Object.hasOwn(platform.facts, name) ? platform.facts[name] : 'not measured');

  function compared(names, place) {
    const here = data.platforms[place];
    const there = data.platforms.find(({name}) => name === data.reference);
    return pairs(names.map((name) => {
      const value = fact(here, name);
      if (!there || there === here) return [name, value];
      const other = fact(there, name);
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
    openCell(cell);
  }

  /** Shows a cell's table and group too, so that it is in sight when the details close. */
  function openCell(cell) {
    const view = cell.closest('.view');
    if (view.hidden) page.choose(view.dataset.key);
    page.toggled.set(cell.closest('tbody').dataset.group, true);
    page.apply();
    page.one(view, cell);
    show(cell);
  }

  dialog.addEventListener('close', () => {
    opened.focus();
    page.keep();
  });
  dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });

  Object.assign(page, {show, openNamed, openCell});
}
