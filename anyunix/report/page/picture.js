/** The picture: what is under the pointer is said below it, a click opens it. */
function addPicture(page) {
  const {data, views} = page;
  const REACH = 8; // pixels within which something that went wrong is preferred to what is exactly under the pointer
  const WRONG = ['failed', 'error', 'flaky', 'fails as expected', 'not measured', 'varies'];
  const pointed = find('#pointed');

  /** The cell of the matrix whose square is there. */
  function cellAt(grid, event) {
    const view = views.find((each) => each.dataset.key === grid.closest('figure').dataset.key);
    const columns = data.pictures[view.dataset.key];
    const box = grid.getBoundingClientRect();
    const lane = data.lanes[Math.floor((event.clientY - box.top) / box.height * data.lanes.length)];
    const width = box.width / columns.length;
    const pointer = event.clientX - box.left;
    const distance = (place) => Math.max(0, place * width - pointer, pointer - (place + 1) * width);
    if (lane === undefined || lane < 0) return null;
    const cells = rowsByNumber(view);
    const cell = (place) => cells.get(columns[place])?.cells[lane + 1] ?? null;
    const near = [...columns.keys()].filter((place) => cell(place) && distance(place) <= REACH)
      .sort((one, other) => distance(one) - distance(other));
    return cell(near.find((place) => WRONG.includes(cell(place).title)) ?? near.find((place) => distance(place) === 0));
  }

  const known = new Map();

  function rowsByNumber(view) {
    if (!known.has(view)) known.set(view, new Map(all('tr[data-n]', view).map((row) => [Number(row.dataset.n), row])));
    return known.get(view);
  }

  function say(grid, event) {
    const cell = cellAt(grid, event);
    grid.classList.toggle('over', cell !== null);
    if (!cell) return;
    const {name} = data.platforms[cell.cellIndex - 1];
    pointed.textContent = `${name}: ${cell.title}: ${cell.parentNode.cells[0].textContent.trim()}`;
  }

  for (const grid of all('figure .grid')) {
    grid.addEventListener('pointermove', (event) => say(grid, event));
    grid.addEventListener('click', (event) => {
      const cell = cellAt(grid, event);
      if (cell) page.openCell(cell);
    });
  }
}
