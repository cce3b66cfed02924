// On narrow screens the customer panel overlays the messages.
import { provide } from '../desk.js';
import { pressable } from '../dom.js';

export function listenForDrawer(state) {
  state.close = pressable('shut', '✕', () => shut(state));
  state.root.prepend(state.close);
  state.withdraw = provide('showCustomer', (opener) => {
    state.opener = opener;
    document.documentElement.dataset.customer = 'open';
    Object.assign(state.root, { role: 'dialog', ariaModal: 'true' });
    state.close.ariaLabel = state.data.words.shut;
    state.close.focus();
  });
  state.outside = (event) => {
    if (!event.composedPath().includes(state.root)) shut(state);
  };
  state.escape = (event) => {
    if (event.key === 'Escape') shut(state);
  };
  document.addEventListener('pointerdown', state.outside);
  document.addEventListener('keydown', state.escape);
}

export function forgetDrawer(state) {
  document.removeEventListener('pointerdown', state.outside);
  document.removeEventListener('keydown', state.escape);
  state.withdraw();
  shut(state);
}

export function shut(state) {
  if (document.documentElement.dataset.customer !== 'open') return;
  delete document.documentElement.dataset.customer;
  Object.assign(state.root, { role: null, ariaModal: null });
  state.opener?.focus();
}
