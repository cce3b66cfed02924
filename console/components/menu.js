// Streamlit 1.67 marks the current page only inside an open menu: this marks its menu too, or the overflow menu
// ("3 more"). Streamlit redraws the bar when the window is resized.
let shared = null;

export default function ({ data, parentElement }) {
  const state = (shared ??= watch());
  state.group = data.group;
  mark(state);
  parentElement.querySelector('i').dataset.ready = 'true';
}

function watch() {
  const state = { group: '' };
  new MutationObserver(() => mark(state)).observe(document.querySelector('[data-testid=stHeader]'), {
    subtree: true,
    childList: true,
    attributeFilter: ['aria-hidden'],
  });
  return state;
}

function mark({ group }) {
  const all = [...document.querySelectorAll('[data-testid=stTopNavSection]')];
  const menus = all.filter((menu) => !menu.closest('[aria-hidden=true]'));
  const rest = menus.find((menu) => menu.closest('.rc-overflow-item-rest'));
  const here = group && (menus.find((menu) => menu !== rest && menu.textContent === group) ?? rest);
  for (const menu of all) {
    if (menu === here) menu.setAttribute('aria-current', 'true');
    else menu.removeAttribute('aria-current');
  }
}
