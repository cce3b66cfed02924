// Where there is no room beside the messages, the customer comes over them.
function listenForDrawer(state) {
  state.close = pressable('shut', '✕', closeDrawer);
  state.root.prepend(state.close);
  state.toggle = window.bothubCustomer = () => {
    document.documentElement.dataset.customer = 'open';
    Object.assign(state.root, {role: 'dialog', ariaModal: 'true'});
    state.close.ariaLabel = state.data.words.shut;
    state.close.focus();
  };
  state.outside = (event) => { if (isDrawn() && !event.composedPath().includes(state.root)) closeDrawer(); };
  state.escape = (event) => { if (isDrawn() && event.key === 'Escape') closeDrawer(); };
  document.addEventListener('pointerdown', state.outside);
  document.addEventListener('keydown', state.escape);
}

function forgetDrawer(state) {
  document.removeEventListener('pointerdown', state.outside);
  document.removeEventListener('keydown', state.escape);
  if (window.bothubCustomer === state.toggle) delete window.bothubCustomer;
  closeDrawer();
}

const isDrawn = () => document.documentElement.dataset.customer === 'open';

function closeDrawer() {
  delete document.documentElement.dataset.customer;
}
