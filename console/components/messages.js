// Short messages over the inbox: why a command was refused, or what it did.
import { el } from './dom.js';

const SHOWN_MS = 6000;
// Said of what was refused without a reason, as by a proxy.
export const general = { refused: '' };
let toast = null;
let timer = 0;

// Streamlit's element, for its colours.
export const overlay = () => document.querySelector('.stApp') ?? document.body;

export function say(text, bad = false) {
  toast ??= Object.assign(el('div'), { id: 'bothub-toast', role: 'status' });
  toast.textContent = text;
  toast.classList.toggle('bad', bad);
  overlay().append(toast);
  clearTimeout(timer);
  timer = setTimeout(() => toast.remove(), SHOWN_MS);
}
