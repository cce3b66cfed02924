// Translates Streamlit's built-in texts in place, using builtin.json: pairs of its text and ours, a list per language.
// Only known whole texts are replaced: attributes outside our own components, which an observer of the document does
// not see, and texts in the parts below, because other parts hold user text.
import { fill } from './format.js';

const ATTRIBUTES = ['aria-label', 'title', 'placeholder'];
const PARTS =
  [
    'stDateInputCalendar',
    'stDateInputQuickSelectPopover',
    'stFileUploader',
    'stMultiSelectDropdown',
    'stSelectboxVirtualDropdown',
    'stDataFrameColumnMenu',
    'stDataFrameColumnFormattingMenu',
    'stDataFrameColumnVisibilityMenu',
    'stDataFrameStatisticsMetrics',
    'stTooltipContent',
    'stTooltipErrorContent',
    'stSkipToContent',
    'InputInstructions',
  ]
    .map((name) => `[data-testid=${name}]`)
    .join() + ', .gdg-search-bar, .stDataFrameStatisticsMenu';
const CHOICES =
  ':is([data-testid=stMultiSelectDropdown], [data-testid=stSelectboxVirtualDropdown]) [role=option][data-key]:not([data-key^=__])';

const TRANSLATIONS = await (await fetch(new URL('builtin.json', import.meta.url))).json();
let shared = null;

export default function ({ data, parentElement }) {
  const state = (shared ??= watch());
  if (state.language !== data.language) {
    Object.assign(state, { language: data.language, find: finder(TRANSLATIONS[data.language]) });
    document.documentElement.lang = data.language;
    look(state, document.body);
  }
  parentElement.querySelector('i').dataset.ready = 'true';
}

function watch() {
  const state = { language: null, find: null, done: new WeakMap() };
  new MutationObserver((changes) => {
    for (const { type, target, attributeName, addedNodes } of changes) {
      if (type === 'attributes') translateAttribute(state, target, attributeName);
      else if (type === 'characterData') look(state, target);
      else for (const node of addedNodes) look(state, node);
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true, attributeFilter: ATTRIBUTES });
  return state;
}

// Return the translation, or undefined. Variable parts, as in "Remove {name}", are kept.
function finder(pairs) {
  const whole = new Map(pairs);
  const patterns = pairs
    .filter(([theirs]) => theirs.includes('{'))
    .map(([theirs, ours]) => {
      const fixed = theirs
        .split(/(\{\w+\})/)
        .map((part) =>
          part.startsWith('{') ? `(?<${part.slice(1, -1)}>.+)` : part.replace(/[.*+?^$()|[\]\\]/g, '\\$&'),
        );
      return [new RegExp(`^${fixed.join('')}$`, 's'), ours];
    });
  return (words) => {
    if (whole.has(words)) return whole.get(words);
    for (const [pattern, ours] of patterns) {
      const match = pattern.exec(words);
      if (match) return fill(ours, match.groups);
    }
    return undefined;
  };
}

function look(state, node) {
  if (node.nodeType === Node.TEXT_NODE) {
    if (node.parentElement?.closest(PARTS)) translateText(state, node);
  } else if (node.nodeType === Node.ELEMENT_NODE) {
    for (const one of [node, ...node.querySelectorAll(ATTRIBUTES.map((name) => `[${name}]`).join())]) {
      for (const name of ATTRIBUTES) if (one.hasAttribute(name)) translateAttribute(state, one, name);
    }
    for (const part of node.closest(PARTS) ? [node] : node.querySelectorAll(PARTS)) {
      const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) translateText(state, texts.currentNode);
    }
  }
}

function translateAttribute(state, node, name) {
  const value = node.getAttribute(name);
  if (value) translate(state, node, name, value, (words) => node.setAttribute(name, words));
}

function translateText(state, node) {
  if (!node.parentElement.closest(CHOICES))
    translate(state, node, 'text', node.nodeValue, (words) => {
      node.nodeValue = words;
    });
}

// The original is stored, to translate it again after a language change.
function translate(state, node, place, shown, write) {
  const done = state.done.get(node)?.[place];
  const theirs = done?.ours === shown ? done.theirs : shown;
  const ours = state.find(theirs) ?? theirs;
  if (ours !== theirs || done) state.done.set(node, { ...state.done.get(node), [place]: { theirs, ours } });
  if (ours !== shown) write(ours);
}
