import { address, addressed, desk, follow, open, provide } from '../desk.js';
import { actOn } from '../dialogs/bulk.js';
import { channelIcon, el } from '../dom.js';
import { CLOCK, DATE, DAY, fill, formatTime, hue, initials, span } from '../format.js';
import { keepNews, takeNews, tellCounts } from './rows.js';

const states = new WeakMap();

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector('.list');
  let state = states.get(root);
  if (!state) {
    state = { rows: new Map(), selected: null, ticked: new Set(), moved: new Map() };
    states.set(root, state);
    state.withdraw = [
      provide('takeRows', (news) => takeNews(root, state, news)),
      follow('open', () => select(state, desk.open)),
    ];
    listenToKeys(root, state);
    listenToHistory(state);
    state.clock = setInterval(() => {
      for (const row of state.rows.values()) tellTime(row, state);
    }, 20000);
  }
  state.data = { ...data };
  state.bulk = parentElement.querySelector('.bulk');
  state.act = (action) => {
    actOn(state.data.words, action, [...state.ticked]);
    state.ticked.clear();
    drawTicks(state);
  };
  state.turn = (step) => {
    root.scrollTop = 0;
    setTriggerValue('turn', step);
  };
  keepNews(state);
  tellCounts(state);
  draw(root, state);
  select(state, desk.open);
  if (desk.open !== null) address('replaceState'); // a run that changed the URL may have begun before the conversation was opened
  root.ariaLabel = data.words.label;
  root.dataset.ready = 'true';
  return () => {
    document.removeEventListener('keydown', state.onKey);
    window.removeEventListener('popstate', state.onHistory);
    clearInterval(state.clock);
    for (const withdraw of state.withdraw) withdraw();
    states.delete(root);
  };
}

// Rows are reused by conversation: only changed ones are updated.
export function draw(root, state) {
  const { rows, words } = state.data;
  const here = new Set(rows.map((row) => row.id));
  for (const [id, node] of state.rows)
    if (!here.has(id)) {
      node.remove();
      state.rows.delete(id);
    }
  for (const old of root.querySelectorAll('.empty, .turn')) old.remove();
  if (!rows.length) root.append(el('div', 'empty', state.data.searching ? words.nothing_found : words.empty));
  rows.forEach((row, index) => {
    let node = state.rows.get(row.id);
    if (!node) {
      node = el('div', 'row');
      node.dataset.id = row.id;
      node.setAttribute('role', 'option');
      node.onclick = () => open(row.id);
      node.tick = makeTick(row.id, state);
      state.rows.set(row.id, node);
    }
    const looks = JSON.stringify([row, state.data.language]);
    if (node.looks !== looks) {
      if (node.looks) {
        node.classList.remove('changed');
        void node.offsetWidth;
        node.classList.add('changed');
      }
      node.looks = looks;
      node.row = row;
      fillRow(node, row, words);
      node.append(node.tick);
      tellTime(node, state);
    }
    if (root.children[index] !== node) root.insertBefore(node, root.children[index] || null);
  });
  if (state.data.earlier) root.prepend(turner(words.newer, -1, state));
  if (state.data.more) root.append(turner(words.older, 1, state));
  for (const id of state.ticked) if (!here.has(id)) state.ticked.delete(id);
  drawTicks(state);
}

function turner(words, step, state) {
  const button = el('button', 'turn', words);
  button.type = 'button';
  button.onclick = () => state.turn(step);
  return button;
}

// Bulk selection: checkboxes appear on hover and stay while any is checked.
function makeTick(id, state) {
  const box = el('input', 'tick');
  box.type = 'checkbox';
  box.ariaLabel = state.data.words.select;
  box.onclick = (event) => {
    event.stopPropagation();
    const ids = state.data.rows.map((row) => row.id);
    const [from, to] = [ids.indexOf(state.lastTicked), ids.indexOf(id)].sort((a, b) => a - b);
    const range = event.shiftKey && from >= 0 ? ids.slice(from, to + 1) : [id];
    for (const one of range) box.checked ? state.ticked.add(one) : state.ticked.delete(one);
    state.lastTicked = id;
    drawTicks(state);
  };
  return box;
}

function drawTicks(state) {
  const { bulk, ticked, data } = state;
  for (const [id, node] of state.rows) {
    node.tick.checked = ticked.has(id);
    node.classList.toggle('ticked', ticked.has(id));
  }
  bulk.hidden = !ticked.size;
  if (!ticked.size) return;
  const actions = [
    ['take', data.words.bulk_take],
    ['assign', data.words.bulk_assign],
    ['tag', data.words.bulk_tag],
    ['read', data.words.bulk_read],
    ['close', data.words.bulk_close],
  ];
  const buttons = actions.map(([action, words]) => {
    const button = el('button', '', words);
    button.type = 'button';
    button.onclick = () => state.act(action);
    return button;
  });
  const none = el('button', 'none', '✕');
  none.type = 'button';
  none.ariaLabel = data.words.bulk_none;
  none.onclick = () => {
    ticked.clear();
    drawTicks(state);
  };
  bulk.replaceChildren(el('b', '', fill(data.words.bulk_number, { number: ticked.size })), none, ...buttons);
}

function fillRow(node, row, words) {
  const face = el('span', 'face', initials(row.name));
  face.style.setProperty('--hue', hue(row.name));
  const channel = el('span', 'channel ' + row.kind);
  channel.append(channelIcon(row.kind));
  channel.title = words[row.kind] || row.kind;
  face.append(channel);
  const top = el('span', 'line');
  top.append(el('b', 'name', row.name), el('time'));
  const middle = el('span', 'line');
  middle.append(el('span', 'text', row.text || (row.type ? words['type_' + row.type] || row.type : '')));
  if (row.unread) middle.append(el('span', 'unread', row.unread > 99 ? '99+' : row.unread));
  const bottom = el('span', 'line chips');
  if (row.urgent) bottom.append(el('span', 'chip urgent', '!'.repeat(row.urgent)));
  if (row.status === 'closed') bottom.append(el('span', 'chip', words.closed));
  else if (row.status === 'snoozed') bottom.append(el('span', 'chip snoozed', words.snoozed));
  else if (row.bot) bottom.append(el('span', 'chip bot', words.bot));
  else if (row.who) bottom.append(el('span', 'chip team', row.who));
  else bottom.append(el('span', row.group ? 'chip team group' : 'chip nobody', row.group || words.nobody));
  if (row.unsent) bottom.append(el('span', 'chip unsent', words['unsent_' + row.unsent]));
  if (row.waiting && !row.bot && row.status !== 'closed') bottom.append(el('span', 'chip wait'));
  if (row.closing && row.status !== 'closed') bottom.append(el('span', 'chip closing'));
  for (const tag of row.tags) bottom.append(el('span', 'chip tag', tag));
  const body = el('span', 'body');
  body.append(top, middle, bottom);
  node.replaceChildren(face, body);
  node.classList.toggle('new', row.unread > 0);
}

function tellTime(node, state) {
  const { row } = node;
  node.querySelector('time').textContent = when(row.at, state);
  const snoozed = node.querySelector('.snoozed');
  if (snoozed && row.until)
    snoozed.textContent = fill(state.data.words.snoozed_until, {
      when: `${formatTime(row.until, state.data.language, state.data.timezone, DATE)}, ${formatTime(row.until, state.data.language, state.data.timezone, CLOCK)}`,
    });
  const closing = node.querySelector('.closing');
  if (closing) {
    const left = Math.floor((Date.parse(row.closing) - Date.now()) / 60000);
    closing.hidden = left < 0 || left > 120;
    closing.textContent = fill(state.data.words.window_left, { time: span(left) });
  }
  const wait = node.querySelector('.wait');
  if (!wait) return;
  const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(row.waiting)) / 60000));
  wait.textContent = fill(state.data.words.waiting, { time: span(minutes) });
  wait.classList.toggle('long', minutes >= 15);
}

function when(iso, { data }) {
  const today = formatTime(iso, 'en-CA', data.timezone, DAY) === formatTime(Date.now(), 'en-CA', data.timezone, DAY);
  return formatTime(iso, data.language, data.timezone, today ? CLOCK : DATE);
}

export function select(state, id) {
  for (const [other, node] of state.rows) {
    node.classList.toggle('on', other === id);
    node.setAttribute('aria-selected', String(other === id));
  }
  state.selected = id;
}

function listenToKeys(root, state) {
  state.onKey = (event) => {
    const target = event.composedPath()[0];
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName || ''))
      return;
    const inList = root.contains(target);
    const step = { j: 1, k: -1 }[event.key] ?? (inList ? { ArrowDown: 1, ArrowUp: -1 }[event.key] : undefined);
    if (!step) return;
    const ids = state.data.rows.map((row) => row.id);
    const next = ids[ids.indexOf(state.selected) + step];
    if (next === undefined) return;
    event.preventDefault();
    open(next);
    state.rows.get(next).scrollIntoView({ block: 'nearest' });
  };
  document.addEventListener('keydown', state.onKey);
}

// Back and Forward open the conversation in the URL; on a phone, a URL without one shows the list.
function listenToHistory(state) {
  state.onHistory = () => {
    const asked = addressed();
    if (!asked) document.documentElement.dataset.desk = 'list';
    else if (asked === state.selected) document.documentElement.dataset.desk = 'thread';
    else open(asked);
  };
  window.addEventListener('popstate', state.onHistory);
}
