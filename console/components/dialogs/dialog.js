// Modal dialogs of the inbox. They stand in a shadow root of their own, where one style sheet serves them all.
import { post } from '../api.js';
import { desk, follows, refresh } from '../desk.js';
import { el, pressable } from '../dom.js';

let host = null;
export const words = { undo: '', undo_hide: '', shut: '' };

export function place(node, given) {
  host = node;
  Object.assign(words, given);
}

/**
 * Open a dialog. `body` takes its content; `signal` aborts when it is closed; `submit` runs a command, closes it and
 * follows the answer, or shows why not.
 *
 * @param {string} title
 * @param {string} [className]
 */
export function openDialog(title, className = '') {
  const ended = new AbortController();
  const dialog = el('dialog', className);
  const body = el('div', 'body');
  const refused = Object.assign(el('p', 'refused'), { role: 'alert' });
  const shut = pressable('shut', '✕', () => dialog.close());
  shut.ariaLabel = words.shut;
  dialog.ariaLabel = title;
  const head = el('header');
  head.append(el('h2', '', title), shut);
  dialog.append(head, body, refused);
  // Keys and clicks in it are none of the page's.
  for (const name of ['keydown', 'pointerdown']) dialog.addEventListener(name, (event) => event.stopPropagation());
  dialog.onclick = (event) => {
    if (event.target === dialog) dialog.close(); // beside it
  };
  dialog.onclose = () => {
    ended.abort();
    dialog.remove();
  };
  host.append(dialog);
  dialog.showModal();
  const refuse = (reason) => (refused.textContent = reason ?? '');
  const submit = async (pressed, conversation, command, values) => {
    pressed.disabled = true;
    refuse('');
    const answer = await post(conversation, command, values);
    pressed.disabled = false;
    if (!answer.ok) return ended.signal.aborted ? follows(answer) : refuse(answer.error);
    dialog.close();
    follows(answer);
    return refresh(desk.open);
  };
  return { body, signal: ended.signal, close: () => dialog.close(), refuse, submit };
}
