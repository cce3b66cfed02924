// A bar with what was done last, and a button to undo it.
import { desk, run } from './desk.js';
import { el } from './dom.js';
import { overlay } from './messages.js';

let bar = null;
let words = { undo: '', hide: '' };
let shown = null; // token of the last offer

export default function ({ data, parentElement }) {
  words = data.words;
  if (data.offer) offer(data.offer);
  parentElement.querySelector('i').dataset.ready = 'true';
  return () => bar?.remove();
}

/** @param {{token: string, said: string}} offered */
export function offer({ token, said }) {
  if (token === shown) return;
  shown = token;
  bar?.remove();
  bar = el('div');
  bar.id = 'bothub-undo';
  const undo = button(words.undo, () => run('undo', { conversation: desk.open ?? 0, value: token }));
  const hide = button('✕', () => {});
  hide.ariaLabel = words.hide;
  bar.append(el('span', '', said), undo, hide);
  overlay().append(bar);
}

function button(text, press) {
  const node = el('button', '', text);
  node.type = 'button';
  node.onclick = () => {
    bar.remove();
    press();
  };
  return node;
}
