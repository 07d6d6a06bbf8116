const ABSENT = ['no answer', 'no result', 'left out'];

/** Adds what applies a filter to the matrix, the failures and the facts. */
function addTables(page) {
  const {data, toggled} = page;

  /** How many of the view's probes match, and how many there are. */
  function applyToTable(view, wanted) {
    const hidden = data.platforms.map(({name}) => wanted.platform.size > 0 && !wanted.platform.has(name));
    const reference = data.platforms.findIndex(({name}) => name === data.reference);
    const narrowed = wanted.words.length || wanted.differs || wanted.outcome.size > 0 || wanted.kind.size > 0;
    const columns = (row) => hidden.forEach((hide, place) => { row.cells[place + 1].hidden = hide; });
    let shown = 0;
    let total = 0;
    columns(find('thead .names', view));
    kinds(find('thead .kinds', view), hidden);
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
    page.one(view);
    return [shown, total];
  }

  /** The headings over platforms and likenesses, as wide as what is shown of each. */
  function kinds(row, hidden) {
    let start = 0;
    for (const cell of row ? [...row.cells].slice(1) : []) {
      const count = Number(cell.dataset.count);
      const width = hidden.slice(start, start + count).filter((hide) => !hide).length;
      cell.hidden = width === 0;
      cell.colSpan = Math.max(width, 1);
      start += count;
    }
  }

  function matches(row, wanted, hidden, reference) {
    if (!wanted.kind.has(data.probes[row.dataset.n][1])) return false;
    const words = [...row.cells].slice(1).map((cell) => cell.title);
    const seen = words.filter((_, place) => !hidden[place]);
    if (wanted.outcome.size > 0 && !seen.some((word) => wanted.outcome.has(word))) return false;
    if (wanted.differs && !differs(seen, words[reference])) return false;
    return wanted.says(said(row));
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

  const NARROWING = ['platform', 'outcome', 'kind', 'subject', 'bind'];
  const narrows = (wanted) => wanted.words.length > 0 || NARROWING.some((key) => wanted[key].size > 0);

  function applyToFailures(wanted) {
    for (const article of all('#failures article')) {
      const outside = !wanted.group.has(article.dataset.group) || !wanted.kind.has(article.dataset.kind);
      const title = wanted.text(find('h3', article)) + article.dataset.id.toLowerCase();
      for (const failure of all('.failure', article)) {
        const {place, word, key} = failure.dataset;
        const [subject, bind] = key.split('/');
        failure.hidden = outside || !wanted.platform.has(data.platforms[place].name) || !wanted.outcome.has(word)
          || !wanted.subject.has(subject) || !wanted.bind.has(bind) || !wanted.says(title + wanted.text(failure));
      }
      const more = find('.more', article);
      if (more && narrows(wanted) && all('.failure', more).some((failure) => !failure.hidden)) more.open = true;
      article.hidden = all('.failure', article).every((failure) => failure.hidden);
    }
    const others = find('#failures > .more');
    if (others && narrows(wanted) && find('article:not([hidden])', others)) others.open = true;
  }

  function applyToFacts(wanted) {
    const table = find('#facts table');
    if (!table) return;
    const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.dataset.name);
    const hidden = names.map((name) => wanted.platform.size > 0 && name !== data.reference
      && !wanted.platform.has(name));
    const columns = (row) => hidden.forEach((hide, place) => { row.cells[place + 1].hidden = hide; });
    columns(table.tHead.rows[0]);
    for (const body of table.tBodies) {
      const [head, ...rows] = body.rows;
      for (const row of rows) {
        columns(row);
        row.hidden = (wanted.group.size > 0 && !wanted.group.has(row.dataset.group)) || !wanted.says(wanted.text(row))
          || !all('td:not(.same, .missing)', row).some((cell) => !cell.hidden);
      }
      body.hidden = (wanted.area !== '' && wanted.area !== body.dataset.area) || rows.every((row) => row.hidden);
      head.hidden = body.hidden;
    }
    const part = find('#facts > .part');
    const hit = wanted.words.length > 0 && find('tbody:not([hidden])', table) !== null;
    if (hit ? !part.open : 'searched' in part.dataset) {
      part.open = hit; // what a search opened, its end closes
      if (hit) part.dataset.searched = '';
      else delete part.dataset.searched;
    }
  }

  Object.assign(page, {applyToTable, applyToFailures, applyToFacts});
}
