// View, search and filters of the list. They are in the address, so that a link, a reload or Back shows the same list.
import { el, icon, place } from '../dom.js';
import { filtersOf, isNarrowed, isSame, possible, searchWith } from './address.js';
import { list, want } from './rows.js';

const SLIDERS = [
  'M2 5h6m5 0h1M2 11h1m5 0h6',
  'M8 5a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0',
  'M3 11a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0',
];
const TYPED_MS = 300;

/**
 * Show the list of the URL. `last` is the list from before the inbox was left: whoever comes back by a link finds it again.
 *
 * @param {{choices: import('./address.js').Choices}} data
 * @param {import('./address.js').Filters} last
 */
export function followAddress({ choices }, last = null) {
  const asked = filtersOf(location.search);
  const isPlain = !history.state?.list && isSame(asked, filtersOf(''));
  const wanted = isPlain && last ? last : possible(asked, choices);
  keep('replaceState', wanted);
  want(wanted);
}

// The mark tells addresses of this list from those of links, as Back may lead to both.
const keep = (how, wanted) =>
  history[how]({ ...history.state, list: true }, '', location.pathname + searchWith(location.search, wanted));

function choose(values, how = 'pushState') {
  const wanted = { ...list.wanted, ...values };
  if (isSame(wanted, list.wanted)) return;
  keep(how, wanted);
  want(wanted);
}

/** Build the head of the list. `choices` are pairs of value and label, by filter. */
export function buildFilters(head, { words, choices }) {
  const search = Object.assign(el('input'), { type: 'search', ariaLabel: words.search, placeholder: words.search });
  search.maxLength = 200;
  listenToTyping(search);
  const button = Object.assign(el('button', 'tune'), {
    type: 'button',
    ariaLabel: words.filters,
    title: words.filters,
  });
  button.append(icon(SLIDERS));
  const box = Object.assign(el('div', 'filters'), { role: 'dialog', ariaLabel: words.filters, popover: 'auto' });
  button.popoverTargetElement = box;
  box.onbeforetoggle = () => place(box, button);
  const fields = { q: search };
  box.append(
    field(fields, 'status', words.status, el('select')),
    field(fields, 'channel', words.channel, el('select')),
    field(fields, 'tag', words.tag, Object.assign(el('input'), { placeholder: words.any, maxLength: 40 })),
    field(fields, 'team', words.team, el('select')),
    toggle(fields, 'unassigned', choices.unassigned[0]),
    toggle(fields, 'closing', choices.closing[0]),
  );
  const known = Object.assign(el('datalist'), { id: 'known' });
  fields.tag.setAttribute('list', known.id);
  box.append(known);
  const line = el('div', 'search');
  line.append(search, button);
  const views = Object.assign(el('div', 'views'), { role: 'radiogroup', ariaLabel: words.view });
  views.append(...choices.view.map(([value]) => tab(value)));
  views.onkeydown = step;
  head.replaceChildren(line, box, views);
  return { fields, known, button, views };
}

function listenToTyping(search) {
  let typing = 0;
  const typed = () => {
    clearTimeout(typing);
    if (!search.isConnected) return;
    search.said = search.value.trim();
    choose({ q: search.said }, 'replaceState');
  };
  search.onchange = typed;
  search.oninput = () => {
    clearTimeout(typing);
    typing = setTimeout(typed, TYPED_MS);
  };
}

function field(fields, name, words, control) {
  const whole = el('label', 'field');
  whole.append(el('span', 'label', words), control);
  control.onchange = () => {
    control.said = control.value.trim();
    choose({ [name]: control.said });
  };
  fields[name] = control;
  return whole;
}

function toggle(fields, name, [value, words]) {
  const whole = el('label', 'toggle');
  const control = Object.assign(el('input'), { type: 'checkbox', role: 'switch' });
  control.onchange = () => choose({ [name]: control.checked ? value : '' });
  fields[name] = control;
  whole.append(control, el('span', '', words));
  return whole;
}

function tab(value) {
  const button = Object.assign(el('button'), { type: 'button', role: 'radio', value });
  button.onclick = () => choose({ view: value });
  return button;
}

function step(event) {
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  const tabs = [...event.currentTarget.children];
  const next = tabs.at((tabs.indexOf(event.target) + by) % tabs.length);
  next.focus();
  next.click();
}

/** Show what is chosen. Controls are updated in place, and only with what is new: somebody may be typing. */
export function drawFilters({ fields, known, button, views }, { words, choices, tags }) {
  const { wanted, counts } = list;
  for (const name of ['status', 'channel', 'team']) {
    const all = [['', words.any], ...choices[name]];
    if (isNew(fields[name], all)) fields[name].replaceChildren(...all.map(option));
  }
  fields.team.parentNode.hidden = !choices.team.length;
  if (isNew(known, tags)) known.replaceChildren(...tags.map((tag) => option([tag, ''])));
  for (const [name, control] of Object.entries(fields)) {
    if (control.type === 'checkbox') control.checked = wanted[name] !== '';
    else if (control.said !== wanted[name]) control.value = control.said = wanted[name];
  }
  button.classList.toggle('on', isNarrowed({ ...wanted, q: '' }));
  for (const [index, [view, label]] of choices.view.entries()) {
    const isChosen = view === wanted.view;
    const node = views.children[index];
    node.textContent = counts[view] ? `${label} ${counts[view]}` : label;
    node.ariaChecked = String(isChosen);
    node.tabIndex = isChosen ? 0 : -1;
  }
}

const option = ([value, text]) => Object.assign(el('option', '', text), { value });

function isNew(node, value) {
  const looks = JSON.stringify(value);
  const was = node.looks;
  Object.assign(node, { looks, said: was === looks ? node.said : undefined });
  return was !== looks;
}
