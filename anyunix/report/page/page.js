// Without the scripts the page is complete. They add filters, groups that close, and the details of each cell.
document.documentElement.classList.add('js');

addEventListener('DOMContentLoaded', () => {
  try {
    start();
  } finally {
    document.documentElement.classList.add('ready'); // whatever went wrong, the tables are to be seen
  }
});

function start() {
  const page = {
    data: JSON.parse(find('#data').textContent), form: find('#filters'), dialog: find('#details'),
    views: all('section.view'),
    toggled: new Map(), // group -> open or not, where the reader chose
    used: new Map(), // table's section -> the cell the reader was at
  };
  addTables(page);
  addFilter(page);
  addGrid(page);
  addDetails(page);
  addPicture(page);
  closeGroups(page);
  find('.choices').open = innerWidth >= 768; // on a small screen the controls are a line
  listen(page);
  page.read();
}

/** Turns each group's heading into a button. */
function closeGroups(page) {
  for (const head of all('.view tr.group')) {
    const button = make('button');
    button.type = 'button';
    button.append(...head.cells[0].childNodes, ' ', make('small', '', 'count'));
    head.cells[0].append(button);
    button.addEventListener('click', () => {
      page.toggled.set(head.parentNode.dataset.group, button.getAttribute('aria-expanded') !== 'true');
      page.apply();
      page.keep();
    });
  }
}

/** The whole page: filters, keys, links. */
function listen(page) {
  const {form, dialog} = page;
  form.addEventListener('input', () => { page.apply(); page.keep(); });
  find('select[name=area]').addEventListener('input', () => { page.apply(); page.keep(); });
  form.addEventListener('submit', (event) => event.preventDefault());
  find('#show-all').addEventListener('click', page.clear);
  addEventListener('hashchange', page.read);
  addEventListener('keydown', (event) => {
    const search = form.elements.q;
    if (event.key === '/' && !dialog.open && !event.target.matches('input:not([type=checkbox], [type=radio]), select')) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === 'Escape' && event.target === search) {
      search.value = '';
      page.apply();
      page.keep();
    }
  });
  document.addEventListener('click', (event) => {
    const copied = event.target.closest('[data-copy]');
    if (copied) copy(copied);
    const link = event.target.closest('a[href^="#"]');
    if (!link || link.closest('.matrix')) return;
    event.preventDefault();
    const address = link.getAttribute('href');
    if (address.startsWith('#probe=')) page.openLinked(new URLSearchParams(address.slice(1)));
    else scrollTo(find(address));
  });
}

/** The fragment is the filter's, so links inside the page scroll without it. */
function scrollTo(target) {
  const part = find(':scope > .part', target);
  if (part) part.open = true;
  for (let outer = target.closest('details'); outer; outer = outer.parentNode.closest('details')) outer.open = true;
  target.scrollIntoView();
  target.focus({preventScroll: true});
}
