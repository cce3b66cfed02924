import { addressed, desk, follow, open, provide } from '../desk.js';
import { actOn } from '../dialogs/bulk.js';
import { channelIcon, el, pressable } from '../dom.js';
import { CLOCK, DATE, DAY, fill, formatTime, hue, initials, span } from '../format.js';
import { isNarrowed } from './address.js';
import { buildFilters, drawFilters, followAddress } from './filters.js';
import { changes, isFull, list, readMore, refresh } from './rows.js';

const states = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.list');
  let state = states.get(root);
  const isFirst = !state;
  if (isFirst) {
    state = {
      rows: new Map(),
      selected: null,
      ticked: new Set(),
      filters: buildFilters(parentElement.querySelector('.top'), data),
    };
    states.set(root, state);
    listenToKeys(root, state);
    listenToHistory(state);
    const redraw = () => draw(root, state);
    changes.addEventListener('changed', redraw);
    state.clock = setInterval(() => {
      for (const row of state.rows.values()) tellTime(row, state);
    }, 20000);
    state.withdraw = [
      follow('open', () => select(state, desk.open)),
      provide('redraw', () => state.setTriggerValue('redraw', Date.now())),
      () => changes.removeEventListener('changed', redraw),
    ];
  }
  Object.assign(state, { data, setTriggerValue });
  state.bulk = parentElement.querySelector('.bulk');
  state.failed = parentElement.querySelector('.failed');
  root.ariaLabel = data.words.label;
  if (isFirst) {
    followAddress(data, list.wanted);
    if (!list.told) refresh(); // elsewhere, nothing kept up what a search or filters find
  }
  draw(root, state);
  return () => {
    document.removeEventListener('keydown', state.onKey);
    window.removeEventListener('popstate', state.onHistory, true);
    clearInterval(state.clock);
    for (const withdraw of state.withdraw) withdraw();
    states.delete(root);
  };
}

function draw(root, state) {
  const { words } = state.data;
  drawFilters(state.filters, state.data);
  if (list.shown !== state.shown) root.scrollTop = 0;
  state.shown = list.shown;
  drawRows(root, state, words);
  drawEnd(root, state, words);
  drawFailure(state.failed, words);
  drawTicks(state);
  select(state, desk.open);
  root.ariaBusy = String(list.shown !== list.wanted && list.failed === null);
  if (list.shown) root.dataset.ready = 'true';
}

// Rows are reused by conversation: only changed ones are updated.
function drawRows(root, state, words) {
  const { rows } = list;
  const here = new Set(rows.map((row) => row.id));
  for (const [id, node] of state.rows)
    if (!here.has(id)) {
      node.remove();
      state.rows.delete(id);
    }
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
    const looks = JSON.stringify([{ ...row, views: null }, state.data.language]);
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
  for (const id of state.ticked) if (!here.has(id)) state.ticked.delete(id);
}

// What follows the rows: more of them, or that there are none.
function drawEnd(root, state, words) {
  const { rows, shown, wanted, more } = list;
  const empty = shown === wanted && !rows.length && (isNarrowed(shown) ? words.nothing_found : words.empty);
  const goesOn = more && !isFull();
  const looks = goesOn ? words.more : more ? words.full : empty || '';
  if (state.end?.textContent === looks) return;
  state.end?.remove();
  state.end = goesOn ? pressable('more', looks, readMore) : el('div', 'empty', looks);
  root.append(state.end);
}

function drawFailure(node, words) {
  const { failed } = list;
  node.hidden = failed === null;
  const said = failed || words.failed;
  if (node.hidden || node.said === said) return;
  node.said = said;
  node.replaceChildren(el('span', '', said), pressable('', words.again, refresh));
}

// Bulk selection: checkboxes appear on hover and stay while any is checked.
function makeTick(id, state) {
  const box = el('input', 'tick');
  box.type = 'checkbox';
  box.ariaLabel = state.data.words.select;
  box.onclick = (event) => {
    event.stopPropagation();
    const ids = list.rows.map((row) => row.id);
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
  const buttons = actions.map(([action, words]) =>
    pressable('', words, () => {
      actOn(data.words, action, [...ticked]);
      ticked.clear();
      drawTicks(state);
    }),
  );
  const none = pressable('none', '✕', () => {
    ticked.clear();
    drawTicks(state);
  });
  none.ariaLabel = data.words.bulk_none;
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

function select(state, id) {
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
    const ids = list.rows.map((row) => row.id);
    const next = ids[ids.indexOf(state.selected) + step];
    if (next === undefined) return;
    event.preventDefault();
    open(next);
    state.rows.get(next).scrollIntoView({ block: 'nearest' });
  };
  document.addEventListener('keydown', state.onKey);
}

// Back and Forward lead to the conversation and the list of the URL; on a phone, a URL without a conversation shows the list.
function listenToHistory(state) {
  const { pathname } = location;
  state.onHistory = (event) => {
    if (location.pathname !== pathname) return;
    event.stopImmediatePropagation(); // Streamlit would run the page's script
    const asked = addressed();
    if (asked && asked !== desk.open) open(asked);
    else document.documentElement.dataset.desk = asked ? 'thread' : 'list';
    followAddress(state.data);
  };
  window.addEventListener('popstate', state.onHistory, true);
}
