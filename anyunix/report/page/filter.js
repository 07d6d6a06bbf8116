/** Adds `read`, `apply`, `keep`, `clear` and `choose`: the form is the filter's state, the URL's fragment its copy. */
function addFilter(page) {
  const {form, views, toggled, dialog} = page;

  function chosen() {
    const fields = new FormData(form);
    const {terms, words} = parseQuery(fields.get('q'));
    const by = (key) => choice(fields.getAll(key), terms[key]);
    const text = (element) => element.textContent.toLowerCase();
    return {
      view: fields.get('view'), area: fields.get('area') || '', differs: fields.has('differs'), words,
      platform: by('platform'), group: by('group'), outcome: by('outcome'),
      kind: by('kind'), subject: by('subject'), bind: by('bind'),
      says: (said) => words.every((word) => said.includes(word)), text,
    };
  }

  /** By its subject and bind mode where the search names one, else by what is chosen above the table. */
  function viewShown(wanted, key) {
    const [subject, bind] = key.split('/');
    if (wanted.subject.size || wanted.bind.size) return wanted.subject.has(subject) && wanted.bind.has(bind);
    return wanted.view === '' || key === wanted.view;
  }

  function written(cell) {
    const fields = new URLSearchParams([...new FormData(form)].filter(([name, value]) => value || name === 'view'));
    if (fields.get('view') === usualView()) fields.delete('view');
    toggled.forEach((open, group) => fields.append(open ? 'open' : 'closed', group));
    Object.entries(cell || {}).forEach(([name, value]) => fields.set(name, value));
    return fields.toString();
  }

  function read() {
    const fields = new URLSearchParams(location.hash.slice(1));
    form.reset();
    for (const input of form.elements) {
      if (input.type === 'checkbox' || (input.type === 'radio' && fields.has('view'))) {
        input.checked = fields.getAll(input.name).includes(input.value);
      } else if (input.name === 'q' || input.name === 'area') {
        input.value = fields.get(input.name) || '';
      }
    }
    if (!form.elements.view.value && fields.get('view') !== '') choose(usualView());
    if (form.elements.area.selectedIndex < 0) form.elements.area.value = '';
    if (fields.has('platform')) find('.platforms').open = true;
    toggled.clear();
    fields.getAll('open').forEach((group) => toggled.set(group, true));
    fields.getAll('closed').forEach((group) => toggled.set(group, false));
    apply();
    if (fields.has('probe')) page.openLinked(fields);
    else if (dialog.open) dialog.close();
  }

  function choose(key) {
    all('input[name=view]', form).forEach((radio) => { radio.checked = radio.value === key; });
  }

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

  /** Show all; also what was about to be kept is forgotten. */
  function clear() {
    clearTimeout(keeper);
    history.replaceState(null, '', '#');
    read();
  }

  function apply() {
    const wanted = chosen();
    let shown = 0;
    let total = 0;
    for (const view of views) {
      view.hidden = !viewShown(wanted, view.dataset.key);
      if (view.hidden) continue;
      const counts = page.applyToTable(view, wanted);
      shown += counts[0];
      total += counts[1];
    }
    page.applyToFailures(wanted);
    page.applyToFacts(wanted);
    find('#nothing').hidden = shown > 0;
    find('#nothing').textContent = `Nothing matches these filters.${unknown()}`;
    find('#shown').textContent = shown === total ? `${total} probes` : `${shown} of ${total} probes`;
  }

  /** What there is, where a term of the search names something else. */
  function unknown() {
    const {terms} = parseQuery(form.elements.q.value);
    const names = Object.entries(known).filter(([key]) => terms[key].flat()
      .some((value) => ![...known[key]].some((name) => fits(value, name.toLowerCase()))));
    return names.map(([key, each]) => ` For ${key}: there is ${[...each].join(', ')}.`).join('');
  }

  const known = {
    platform: new Set(page.data.platforms.map(({name}) => name)),
    group: new Set(all('tbody[data-group]').map((body) => body.dataset.group)),
    outcome: new Set(all('input[name=outcome]', form).map(({value}) => value)),
    kind: new Set(page.data.probes.map(([, kind]) => kind)),
    subject: new Set(views.map((view) => view.dataset.key.split('/')[0])),
    bind: new Set(views.map((view) => view.dataset.key.split('/')[1])),
  };

  Object.assign(page, {read, apply, keep, clear, choose});
}
