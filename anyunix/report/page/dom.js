'use strict';
// What platforms say is untrusted: text goes in as textContent and as cloned nodes, never as HTML.
const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

function make(tag, text = '', className = '') {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

/** The content of another element, in one of its own. */
function clone(tag, other) {
  const element = make(tag);
  element.append(...[...other.childNodes].map((child) => child.cloneNode(true)));
  return element;
}

/** What stands between backticks is code. */
function prose(tag, text, className = '') {
  const element = make(tag, '', className);
  text.split(/`([^`\n]+)`/).forEach((part, place) => element.append(place % 2 ? make('code', part) : part));
  return element;
}

/** A list of names and values. */
function pairs(several) {
  const list = make('dl', '', 'pairs');
  for (const [name, value] of several) {
    const pair = make('div');
    pair.append(make('dt', name), make('dd', value));
    list.append(pair);
  }
  return list;
}

/** Copies a link into this page; where the browser does not let it, the link is there to be copied by hand. */
async function copy(button) {
  const link = `${location.href.split('#')[0]}#${button.dataset.copy}`;
  try {
    await navigator.clipboard.writeText(link);
    button.textContent = 'Copied';
  } catch {
    const field = make('input');
    field.readOnly = true;
    field.value = link;
    field.setAttribute('aria-label', 'Link');
    button.replaceWith(field);
    field.select();
  }
}

function copyButton(fields) {
  const button = make('button', 'Copy link');
  button.type = 'button';
  button.dataset.copy = fields;
  return button;
}
