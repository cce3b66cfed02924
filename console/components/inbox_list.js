const CHANNEL = {
  whatsapp: ['M3 13l.9-2.7A5.4 5.4 0 1 1 5.9 12.2z'],
  sms: ['M3 3.5h10v7H8L5 13v-2.5H3z'],
  email: ['M2.5 4h11v8h-11z', 'm3 4.5 5 4 5-4'],
};
const states = new WeakMap();

export default function (component) {
  const {data, parentElement, setTriggerValue} = component;
  const root = parentElement.querySelector('.list');
  let state = states.get(root);
  if (!state) {
    state = {rows: new Map(), selected: null};
    states.set(root, state);
    listenToKeys(root, state);
    state.clock = setInterval(() => { for (const row of state.rows.values()) tellTime(row, state); }, 20000);
  }
  state.data = data;
  state.open = (id) => {
    select(state, id);
    document.documentElement.dataset.desk = 'thread';  // a telephone shows the conversation at once
    setTriggerValue('open', id);
  };
  draw(root, state);
  select(state, data.selected);
  root.ariaLabel = data.words.label;
  root.dataset.ready = 'true';
  return () => {
    document.removeEventListener('keydown', state.onKey);
    clearInterval(state.clock);
    states.delete(root);
  };
}

// Rows are kept by conversation: only those that look different are filled again, and the others stay where they are.
function draw(root, state) {
  const {rows, words} = state.data;
  const here = new Set(rows.map((row) => row.id));
  for (const [id, node] of state.rows) if (!here.has(id)) { node.remove(); state.rows.delete(id); }
  root.querySelector('.empty')?.remove();
  if (!rows.length) root.append(el('div', 'empty', words.empty));
  rows.forEach((row, index) => {
    let node = state.rows.get(row.id);
    if (!node) {
      node = el('div', 'row');
      node.dataset.id = row.id;
      node.setAttribute('role', 'option');
      node.onclick = () => state.open(row.id);
      state.rows.set(row.id, node);
    }
    const looks = JSON.stringify([row, state.data.language]);
    if (node.looks !== looks) {
      if (node.looks) { node.classList.remove('changed'); void node.offsetWidth; node.classList.add('changed'); }
      node.looks = looks;
      node.row = row;
      fillRow(node, row, words);
      tellTime(node, state);
    }
    if (root.children[index] !== node) root.insertBefore(node, root.children[index] || null);
  });
}

function fillRow(node, row, words) {
  const face = el('span', 'face', initials(row.name));
  face.style.setProperty('--hue', hue(row.name));
  const channel = el('span', 'channel ' + row.kind);
  channel.append(icon(CHANNEL[row.kind] || CHANNEL.sms));
  channel.title = words[row.kind] || row.kind;
  face.append(channel);
  const top = el('span', 'line');
  top.append(el('b', 'name', row.name), el('time'));
  const middle = el('span', 'line');
  middle.append(el('span', 'text', row.text || (row.type ? words['type_' + row.type] || row.type : '')));
  if (row.unread) middle.append(el('span', 'unread', row.unread > 99 ? '99+' : row.unread));
  const bottom = el('span', 'line chips');
  if (row.closed) bottom.append(el('span', 'chip', words.closed));
  else if (row.bot) bottom.append(el('span', 'chip bot', words.bot));
  else bottom.append(row.who ? el('span', 'chip team', row.who) : el('span', 'chip nobody', words.nobody));
  if (row.waiting && !row.closed) bottom.append(el('span', 'chip wait'));
  const body = el('span', 'body');
  body.append(top, middle, bottom);
  node.replaceChildren(face, body);
  node.classList.toggle('new', row.unread > 0);
}

function tellTime(node, state) {
  const {row} = node;
  node.querySelector('time').textContent = when(row.at, state);
  const wait = node.querySelector('.wait');
  if (!wait) return;
  const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(row.waiting)) / 60000));
  wait.textContent = fill(state.data.words.waiting, {time: span(minutes)});
  wait.classList.toggle('long', minutes >= 15);
}

const span = (minutes) => (minutes < 60 ? `${minutes} min` : minutes < 1440 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`);

function when(iso, {data}) {
  const then = new Date(iso);
  const day = (date) => date.toLocaleDateString('en-CA', {timeZone: data.timezone});
  if (day(then) === day(new Date())) {
    return then.toLocaleTimeString(data.language, {hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: data.timezone});
  }
  return then.toLocaleDateString(data.language, {day: 'numeric', month: 'short', timeZone: data.timezone});
}

const initials = (name) => (/\p{L}/u.test(name) ? name.trim().split(/\s+/).slice(0, 2).map((word) => [...word][0]).join('').toUpperCase() : '#');
const hue = (name) => { let sum = 0; for (const char of name) sum = (sum * 31 + char.codePointAt(0)) % 360; return sum; };

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
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName || '')) return;
    const inList = root.contains(target);
    const step = {j: 1, k: -1}[event.key] ?? (inList ? {ArrowDown: 1, ArrowUp: -1}[event.key] : undefined);
    if (!step) return;
    const ids = state.data.rows.map((row) => row.id);
    const next = ids[ids.indexOf(state.selected) + step];
    if (next === undefined) return;
    event.preventDefault();
    state.open(next);
    state.rows.get(next).scrollIntoView({block: 'nearest'});
  };
  document.addEventListener('keydown', state.onKey);
}
