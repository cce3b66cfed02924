// A bar with what was done last, and a button to undo it.
import { desk, run } from '../desk.js';
import { el, pressable } from '../dom.js';
import { overlay } from '../messages.js';
import { words } from './dialog.js';

let bar = null;
export const hide = () => bar?.remove();

/** @param {{token: string, said: string}} offered */
export function offer({ token, said }) {
  hide();
  bar = el('div');
  bar.id = 'bothub-undo';
  const undo = pressable('', words.undo, () => {
    hide();
    run('undo', { conversation: desk.open ?? 0, value: token });
  });
  const leave = pressable('', '✕', hide);
  leave.ariaLabel = words.undo_hide;
  bar.append(el('span', '', said), undo, leave);
  overlay().append(bar);
}
