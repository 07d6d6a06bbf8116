/** Adds `one`: the matrix by keyboard, one stop of the Tab key, arrows inside. */
function addGrid(page) {
  const {data, views, used} = page;

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
      page.show(cell);
    });
    table.addEventListener('focusin', ({target}) => {
      if (target.matches('td[title]')) {
        target.setAttribute('aria-label', `${target.title}: ${data.platforms[target.cellIndex - 1].name}`);
      }
    });
    table.addEventListener('keydown', (event) => {
      if (!event.target.matches('[data-n] > *') || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === 'Enter' || event.key === ' ') page.show(event.target);
      else if (/^(Arrow(Up|Down|Left|Right)|Home|End|Page(Up|Down))$/.test(event.key)) move(event.target, event.key);
      else return;
      event.preventDefault();
    });
  }

  Object.assign(page, {one});
}
