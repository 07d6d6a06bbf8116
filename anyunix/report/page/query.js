/** The language of the search field: words, and terms as `platform:alpine outcome:failed`. */
const KEYS = ['platform', 'outcome', 'group', 'kind', 'subject', 'bind'];

/** `key:value,"other value"`, a text in quotes, or a word. Commas are *or*; all that is written has to hold. */
function parseQuery(text) {
  const terms = Object.fromEntries(KEYS.map((key) => [key, []]));
  const words = [];
  for (const [token] of text.toLowerCase().matchAll(/(?:[^\s"]|"[^"]*"?)+/g)) {
    const key = token.slice(0, token.indexOf(':'));
    if (KEYS.includes(key)) {
      const values = token.slice(key.length + 1).match(/(?:[^,"]|"[^"]*"?)+/g) ?? [];
      if (values.length) terms[key].push(values.map((value) => value.replaceAll('"', '')));
    } else {
      words.push(token.replaceAll('"', ''));
    }
  }
  return {terms, words: words.filter(Boolean)};
}

/** As a Set of what is chosen: by chips, one of which has to be it, and by terms of the search, of each one value. */
function choice(chips, several) {
  const all = [chips.map((chip) => chip.toLowerCase()), ...several].filter((each) => each.length);
  return {size: all.length, has: (name) => all.every((each) => each.some((value) => fits(value, name.toLowerCase())))};
}

/** A star at the end stands for any end. */
function fits(value, name) {
  return value.endsWith('*') ? name.startsWith(value.slice(0, -1)) : name === value;
}
