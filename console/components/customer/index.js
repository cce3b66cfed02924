import { desk, follow, isRunning, open, provide, run } from '../desk.js';
import { openMerge } from '../dialogs/merge.js';
import { channelIcon, el, pressable } from '../dom.js';
import { fill } from '../format.js';
import { forgetDrawer, listenForDrawer, shut } from './drawer.js';
import { buildTags, drawTags } from './tags.js';

const PRIORITIES = [0, 1, 2, 3];
const panes = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector('.customer');
  let state = panes.get(root);
  if (!state) {
    state = build(root);
    panes.set(root, state);
    state.unfollow = follow('shown', () => draw(state));
    state.retract = provide('choices', () => state.given);
    listenForDrawer(state);
  }
  state.given = data;
  draw(state);
  return () => {
    state.unfollow();
    state.retract();
    forgetDrawer(state);
    panes.delete(root);
  };
}

function build(root) {
  const state = { root, conversation: null, fields: new Map() };
  for (const name of ['who', 'care', 'facts', 'past']) root.append((state[name] = el('div', `part ${name}`)));
  Object.assign(state, {
    name: labelled('input'),
    addresses: el('div', 'addresses'),
    consent: el('details', 'fold'),
    since: el('small'),
    rated: el('span', 'badge'),
    quote: el('div', 'quote'),
    assignee: labelled('select'),
    team: labelled('select'),
    priority: el('div', 'choice'),
    about: labelled('textarea'),
    named: el('div', 'named'),
    adding: el('details', 'fold'),
    merge: el('button', 'quiet'),
  });
  state.tagged = buildTags();
  state.merge.type = 'button';
  state.priorityLabel = el('span', 'label');
  state.priority.setAttribute('role', 'radiogroup');
  const priority = el('div', 'field');
  priority.append(state.priorityLabel, state.priority);
  state.who.append(state.name.whole, state.addresses, state.consent, state.since, state.rated);
  state.care.append(state.quote, state.assignee.whole, state.team.whole, priority, state.tagged.whole);
  state.facts.append(state.about.whole, state.named, state.adding);
  return state;
}

// Controls are updated in place, so that input and focus are kept.
function draw(state) {
  if (!desk.shown) return;
  const data = (state.data = { ...state.given, ...desk.shown.customer });
  const { words, bounds } = data;
  const other = state.conversation !== data.conversation;
  if (other) leaveOther(state);
  state.conversation = data.conversation;
  state.fresh = other;
  state.root.ariaLabel = data.name || data.address;
  const about = { contact: data.contact };
  drawWho(state, about);
  if (looksNew(state.quote, data.quote)) drawQuote(state.quote, data.quote);
  drawCare(state);
  drawFacts(state, about);
  drawPast(state);
  keep(state, state.about, {
    label: words.about,
    value: data.about,
    most: bounds.about,
    hint: words.about_hint,
    command: 'describe',
    about,
  });
  Object.assign(state.merge, { textContent: words.merge, onclick: () => openMerge(data) });
  state.root.dataset.ready = String(data.conversation);
}

const tell = (state, what, more) => run(what, { conversation: state.data.conversation, ...more });

function leaveOther(state) {
  state.named.replaceChildren();
  state.fields.clear();
  state.tagged.input.value = '';
  state.consent.open = state.adding.open = false;
  shut(state);
}

function labelled(tag) {
  const whole = el('label', 'field');
  const label = el('span', 'label');
  const control = el(tag);
  whole.append(label, control);
  return { whole, label, control };
}

/**
 * `command` is sent on change. Until it is done the control keeps its value.
 *
 * @param {any} state
 * @param {{label: HTMLElement, control: any}} nodes
 * @param {{label: string, value: string, most: number, hint?: string, command: string, about: object}} field
 */
function keep(state, { label, control }, { label: words, value, most, hint, command, about }) {
  const writing = control.getRootNode().activeElement === control && control.value !== control.known;
  if (state.fresh || !(writing || isRunning(command, state.data.conversation))) control.value = value;
  control.known = value;
  label.textContent = words;
  control.maxLength = most;
  if (hint) control.placeholder = hint;
  control.onchange = () => {
    if (control.value !== control.known) tell(state, command, { ...about, value: control.value });
  };
  control.onkeydown = (event) => {
    if (event.key === 'Enter' && (control.tagName !== 'TEXTAREA' || event.ctrlKey || event.metaKey)) control.blur();
    if (event.key === 'Escape' && control.value !== control.known) {
      control.value = control.known;
      event.stopPropagation();
    }
  };
}

export function looksNew(node, value) {
  const looks = JSON.stringify(value);
  const changed = node.looks !== looks;
  node.looks = looks;
  return changed;
}

function drawWho(state, about) {
  const {
    data,
    data: { words, bounds },
  } = state;
  keep(state, state.name, { label: words.name, value: data.name, most: bounds.name, command: 'rename', about });
  if (looksNew(state.addresses, data.identities)) {
    state.addresses.replaceChildren(
      ...data.identities.map((one) => {
        const line = el('div', 'address');
        const mark = el('span', 'mark');
        mark.append(channelIcon(one.kind));
        mark.role = 'img';
        mark.title = mark.ariaLabel = one.channel;
        line.append(mark, el('span', '', one.address));
        if (one.silent) line.append(el('span', 'badge bad', words.opted_out));
        if (one.former) line.append(el('span', 'badge bad', words.former));
        else if (one.unsold) line.append(el('span', 'badge bad', words.no_marketing));
        return line;
      }),
    );
  }
  state.consent.hidden = !data.manages;
  if (data.manages && looksNew(state.consent, [data.contact, data.identities])) {
    state.consent.replaceChildren(
      el('summary', '', words.consent),
      ...kinds(data.identities).flatMap((one) => {
        const filled = (name) => fill(words[name], { channel: one.channel });
        const button = pressable('', filled(one.silent ? 'opt_in' : 'opt_out'), () =>
          tell(state, 'silence', { ...about, kind: one.kind, value: !one.silent }),
        );
        return [el('small', '', filled(one.silent ? 'opt_in_lead' : 'opt_out_lead')), button];
      }),
    );
  }
  state.since.textContent = data.since;
  state.rated.hidden = !data.rated;
  state.rated.textContent = data.rated?.words ?? '';
  state.rated.classList.toggle('bad', Boolean(data.rated?.low));
}

const kinds = (identities) => [...new Map(identities.map((one) => [one.kind, one])).values()];

function drawQuote(node, quote) {
  node.hidden = !quote;
  if (!quote) return node.replaceChildren();
  const head = el('div', 'line');
  head.append(el('b', '', quote.title), el('span', `badge ${quote.state}`, quote.said));
  const see = el('a', 'quiet', quote.see);
  Object.assign(see, { href: `/quotes?q=${quote.id}`, target: '_blank' }); // a new tab: the agent may be writing a reply
  const lines = el('ul');
  lines.append(...quote.lines.map((line) => el('li', '', line)));
  node.replaceChildren(
    head,
    lines,
    el('b', '', quote.total),
    ...(quote.until ? [el('small', '', quote.until)] : []),
    see,
  );
}

function drawCare(state) {
  const {
    data,
    data: { words },
  } = state;
  options(state, state.assignee, {
    label: words.assignee,
    all: [['', words.nobody], ...data.colleagues],
    value: data.assignee,
    name: data.assigned,
    command: 'assign',
  });
  options(state, state.team, {
    label: words.team,
    all: [['', words.no_team], ...data.teams],
    value: data.team,
    name: data.teamed,
    command: 'team',
  });
  state.team.whole.hidden = !data.teams.length;
  state.priorityLabel.textContent = state.priority.ariaLabel = words.priority;
  if (looksNew(state.priority, [data.priority, data.conversation, words.priority_0])) {
    state.priority.replaceChildren(
      ...PRIORITIES.map((value) => {
        const button = pressable('', words['priority_' + value], () => tell(state, 'priority', { value }));
        button.setAttribute('role', 'radio');
        button.setAttribute('aria-checked', String(value === data.priority));
        return button;
      }),
    );
  }
  drawTags(state.tagged, data, (tags) => tell(state, 'tags', { value: tags }));
}

// An assignee who was disabled is not among the options, but is still shown.
function options(state, { label, control }, { label: words, all, value, name, command }) {
  label.textContent = words;
  const known = all.some(([id]) => id === (value ?? '')) ? all : [...all, [value, name ?? '']];
  if (looksNew(control, known))
    control.replaceChildren(...known.map(([id, text]) => Object.assign(el('option', '', text), { value: String(id) })));
  if (state.fresh || !isRunning(command, state.data.conversation)) control.value = String(value ?? '');
  control.disabled = state.data.closed;
  control.onchange = () => tell(state, command, { value: control.value === '' ? null : Number(control.value) });
}

function drawFacts(state, about) {
  const {
    data,
    data: { words, bounds },
  } = state;
  const names = data.fields.map(([name]) => name);
  for (const [name, one] of state.fields)
    if (!names.includes(name)) {
      one.whole.remove();
      state.fields.delete(name);
    }
  data.fields.forEach(([name, value]) => {
    if (!state.fields.has(name)) {
      state.fields.set(name, labelled('input'));
      state.named.append(state.fields.get(name).whole);
    }
    const one = state.fields.get(name);
    one.control.title = words.fact_help;
    keep(state, one, { label: name, value, most: bounds.value, command: 'field', about: { ...about, name } });
  });
  state.adding.hidden = names.length >= bounds.fields;
  if (!looksNew(state.adding, [data.contact, words.fact_add])) return;
  const [what, value] = [labelled('input'), labelled('input')];
  what.label.textContent = words.fact_name;
  value.label.textContent = words.fact_value;
  what.control.maxLength = bounds.field;
  value.control.maxLength = bounds.value;
  const add = pressable('strong', words.fact_keep, () => {
    const [name, said] = [what.control.value.trim(), value.control.value.trim()];
    what.control.setCustomValidity(name && said ? '' : words.fact_both);
    if (!what.control.reportValidity()) return;
    tell(state, 'field', { contact: state.data.contact, name, value: said });
    what.control.value = value.control.value = '';
    state.adding.open = false;
  });
  what.control.oninput = () => what.control.setCustomValidity('');
  value.control.onkeydown = (event) => {
    if (event.key === 'Enter') add.click();
  };
  state.adding.replaceChildren(el('summary', '', words.fact_add), what.whole, value.whole, add);
}

function drawPast(state) {
  const {
    data,
    data: { words },
  } = state;
  if (!looksNew(state.past, [data.past, words.merge, data.contact])) return;
  const lines = data.past.map((one) => {
    const line = pressable('earlier', '', () => open(one.id));
    line.append(channelIcon(one.kind), el('span', '', one.words));
    return line;
  });
  state.past.replaceChildren(...(lines.length ? [el('b', '', words.past), ...lines] : []), state.merge);
}
