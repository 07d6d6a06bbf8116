/** Adds `show`, `openLinked` and `openCell`: what there is to say of a cell, in a dialog. */
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
    body.append(...(place >= 0 ? outcome(view, row, cell, place) : everywhere(view, row)));
    if (told && find('.rule', told)) {
      body.append(make('h3', kind === 'fact' ? 'What it asks' : 'What it demands'));
      body.append(...all('.rule', told).map((child) => child.cloneNode(true)));
    }
    body.append(make('p', id, 'id'), copyButton(new URLSearchParams(linkTo(cell))));
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    find('#details-title').focus();
    page.keep(linkTo(cell));
  }

  /** The row's cells in words. */
  function everywhere(view, row) {
    const words = [...row.cells].slice(1).map((cell) => [data.platforms[cell.cellIndex - 1].name, cell.title]);
    return [make('p', find('h3', view).textContent, 'muted'), pairs(words)];
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
    if (result?.worker) parts.push(make('p', `Ran on ${result.worker}.`, 'muted'));
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

  /** `probe=ID`, and where: `in=SUBJECT/BIND/BUILD`, `on=PLATFORM`; without them where it went wrong. */
  function openLinked(fields) {
    const number = data.probes.findIndex(([id]) => id === fields.get('probe'));
    const place = data.platforms.findIndex(({name}) => name === fields.get('on'));
    const rows = views.filter((view) => !fields.has('in') || view.dataset.key === fields.get('in'))
      .map((view) => find(`tr[data-n="${number}"]`, view)).filter(Boolean);
    const cells = rows.map((row) => (place < 0 ? find('td > a', row)?.parentNode : row.cells[place + 1]));
    const cell = cells.find(Boolean) ?? rows[0]?.cells[0];
    if (cell) openCell(cell);
    else if (find('#pointed')) find('#pointed').textContent = `This run has no such probe: ${fields.get('probe')}`;
  }

  /** What `openLinked` reads. */
  function linkTo(cell) {
    const row = cell.parentNode;
    const fields = {probe: data.probes[row.dataset.n][0], in: cell.closest('.view').dataset.key};
    return cell.cellIndex ? {...fields, on: data.platforms[cell.cellIndex - 1].name} : fields;
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

  Object.assign(page, {show, openLinked, openCell});
}
