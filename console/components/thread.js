const TICK = {
  queued: ['M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11z', 'M8 5v3l2 1.5'],
  sent: ['m3 8.5 3.2 3.2L13 5'],
  delivered: ['m1 8.5 3.2 3.2L11 5', 'm7.5 11 .8.7L15 5'],
  failed: ['M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13z', 'M8 4.6v4', 'M8 11v.4'],
};
Object.assign(TICK, {sending: TICK.queued, read: TICK.delivered, played: TICK.delivered, uncertain: TICK.failed, cancelled: TICK.failed});
const PIN = ['M8 14.5S3 9.6 3 6.4a5 5 0 0 1 10 0c0 3.2-5 8.1-5 8.1z', 'M8 4.8a1.6 1.6 0 1 1 0 3.2 1.6 1.6 0 0 1 0-3.2z'];
const PAPER = ['M4 1.5h5L12.5 5v9.5H4z', 'M9 1.5V5h3.5'];
const RESEND_MS = 4000;
const states = new WeakMap();

export default function (component) {
  const {data, parentElement, setStateValue, setTriggerValue} = component;
  const wrap = parentElement.querySelector('.wrap');
  let state = states.get(wrap);
  if (!state) {
    state = {conversation: null, nodes: new Map(), count: 0};
    for (const name of ['scroll', 'lines', 'jump', 'composer', 'note', 'send', 'hint']) state[name] = wrap.querySelector('.' + name);
    state.area = wrap.querySelector('textarea');
    // Pictures arrive after their message: whoever reads the end stays at the end.
    state.watch = new ResizeObserver(() => { if (state.stuck) state.scroll.scrollTop = state.scroll.scrollHeight; });
    state.watch.observe(state.lines);
    states.set(wrap, state);
  }
  Object.assign(state, {data, setStateValue, setTriggerValue});
  settle(state);
  const changed = switchConversation(state);
  drawLines(state, changed);
  drawComposer(state);
  wrap.dataset.ready = String(data.conversation);
  return () => {
    clearTimeout(state.timer);
    state.watch.disconnect();
    keepDraft(state);
    states.delete(wrap);
  };
}

// ---- the outbox: what was written stays in the tab until the server has settled its token; the unique key in the
// database makes of many tries one message.
const boxName = (state) => `bothub.outbox.${state.data.me}`;
const draftName = (state, conversation) => `bothub.draft.${state.data.me}.${conversation}`;
const outbox = (state) => JSON.parse(sessionStorage.getItem(boxName(state)) || '[]');
const keepOutbox = (state, items) => sessionStorage.setItem(boxName(state), JSON.stringify(items));

function settle(state) {
  const {data} = state;
  const done = new Set([...data.settled, ...Object.keys(data.refused), ...data.lines.map((line) => line.token)]);
  const items = outbox(state);
  const refused = items.filter((item) => item.token in data.refused);
  for (const item of refused) {  // back to where it was written, with the reason
    const name = draftName(state, item.conversation);
    const draft = item.conversation === state.conversation ? state.area.value : sessionStorage.getItem(name) || '';
    const text = [draft, item.text].filter(Boolean).join('\n');
    sessionStorage.setItem(name, text);
    if (item.conversation === state.conversation) state.area.value = text;
    state.reason = {conversation: item.conversation, text: data.refused[item.token]};
  }
  const left = items.filter((item) => !done.has(item.token));
  if (left.length !== items.length) keepOutbox(state, left);
  clearTimeout(state.timer);
  if (left.length) state.timer = setTimeout(() => flush(state), state.booted ? RESEND_MS : 0);
  state.booted = true;
}

function flush(state) {
  const items = outbox(state);
  if (!items.length) return;
  state.setStateValue('outbox', {count: (state.count += 1), at: Date.now(), items});
  clearTimeout(state.timer);
  state.timer = setTimeout(() => flush(state), RESEND_MS);
}

// Without TLS, away from this machine, browsers offer no randomUUID.
function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function send(state) {
  const text = state.area.value.trim();
  if (!text || state.data.shut) return;
  const item = {token: uuid(), conversation: state.data.conversation, text, at: new Date().toISOString()};
  keepOutbox(state, [...outbox(state), item]);
  state.area.value = '';
  state.reason = null;
  sessionStorage.removeItem(draftName(state, state.conversation));
  drawLines(state, true);
  drawComposer(state);
  flush(state);
}

// ---- one conversation after the other in the same place
function switchConversation(state) {
  const {conversation} = state.data;
  if (state.conversation === conversation) return false;
  keepDraft(state);
  state.conversation = conversation;
  state.nodes.clear();
  state.lines.replaceChildren();
  state.area.value = sessionStorage.getItem(draftName(state, conversation)) || '';
  return true;
}

function keepDraft(state) {
  if (state.conversation !== null) sessionStorage.setItem(draftName(state, state.conversation), state.area.value);
}

// ---- lines, kept by message: what did not change stays, so that reading and selecting are not disturbed
function drawLines(state, toEnd) {
  const {data, scroll, lines} = state;
  const atEnd = toEnd || scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  const before = {height: scroll.scrollHeight, top: scroll.scrollTop, first: state.first};
  const written = outbox(state)
    .filter((item) => item.conversation === data.conversation && !data.lines.some((line) => line.token === item.token))
    .map((item) => ({id: item.token, token: item.token, sender: 'agent', author: data.words.team, type: 'text', text: item.text, at: item.at, status: 'queued'}));
  const wanted = [];
  if (data.more) wanted.push(['older', 'older', () => older(state)]);
  let day = '';
  let previous = null;
  for (const line of [...data.lines, ...written]) {
    const itsDay = dayOf(line.at, data);
    if (itsDay !== day) wanted.push(['day' + itsDay, data.language, () => el('div', 'day', dayName(line.at, data))]);
    const joined = itsDay === day && previous?.sender === line.sender && previous?.author === line.author && line.type !== 'event';
    wanted.push([line.token || line.id, JSON.stringify([line, joined, data.language]), () => makeLine(line, joined, data)]);
    day = itsDay;
    previous = line.type === 'event' ? null : line;
  }
  if (!wanted.length) wanted.push(['none', 'none', () => el('div', 'event', data.words.empty)]);
  place(state, wanted);
  const newest = data.lines.at(-1)?.id;
  state.first = data.lines[0]?.id;
  state.stuck = atEnd;
  if (atEnd) {
    scroll.scrollTop = scroll.scrollHeight;
    state.jump.hidden = true;
  } else if (before.first !== state.first) {
    scroll.scrollTop = before.top + scroll.scrollHeight - before.height;  // older ones came above: stay on the words being read
  } else if (newest !== state.newest) {
    state.jump.hidden = false;
  }
  state.newest = newest;
  state.jump.textContent = `↓ ${data.words.jump}`;
  state.jump.onclick = () => { scroll.scrollTop = scroll.scrollHeight; state.jump.hidden = true; };
  scroll.onscroll = () => {
    state.stuck = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
    if (state.stuck) state.jump.hidden = true;
  };
  scroll.ariaLabel = data.words.label;
}

function place(state, wanted) {
  const seen = new Set();
  wanted.forEach(([key, looks, make], index) => {
    seen.add(key);
    let node = state.nodes.get(key);
    if (!node || node.looks !== looks) {
      const made = make();
      made.looks = looks;
      if (node) node.replaceWith(made);
      node = made;
      state.nodes.set(key, node);
    }
    if (state.lines.children[index] !== node) state.lines.insertBefore(node, state.lines.children[index] || null);
  });
  for (const [key, node] of state.nodes) if (!seen.has(key)) { node.remove(); state.nodes.delete(key); }
}

function older(state) {
  const button = el('button', 'older', state.data.words.older);
  button.type = 'button';
  button.onclick = () => state.setTriggerValue('older', state.data.conversation);
  return button;
}

const dayOf = (iso, data) => new Date(iso).toLocaleDateString('en-CA', {timeZone: data.timezone});
const dayName = (iso, data) => new Date(iso).toLocaleDateString(data.language, {weekday: 'long', day: 'numeric', month: 'long', timeZone: data.timezone});
const clock = (iso, data) => new Date(iso).toLocaleTimeString(data.language, {hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: data.timezone});

function makeLine(line, joined, data) {
  const {words} = data;
  if (line.type === 'event' || line.sender === 'system') return el('div', 'event', `${line.text} · ${clock(line.at, data)}`);
  const row = el('div', `m ${line.sender} ${line.status}${joined ? ' joined' : ''}`);
  row.dataset.message = line.id;
  const bubble = el('div', 'bubble');
  if (line.sender !== 'customer') bubble.append(el('div', 'who', line.author));
  if (line.forwarded) bubble.append(el('div', 'aside', words.forwarded));
  if (line.quoted) bubble.append(el('div', 'quote', line.quoted));
  for (const file of line.files || []) bubble.append(makeFile(file, line, words));
  if (line.place) bubble.append(makePlace(line, words));
  else if (line.text) bubble.append(el('span', 'text', line.text));
  else if (!line.files) bubble.append(el('span', 'aside', words['type_' + line.type] || words.type_unknown));
  if (line.revoked) bubble.append(el('div', 'aside', words.revoked));
  bubble.append(makeFoot(line, data));
  if (line.reactions) bubble.append(el('span', 'reactions', line.reactions.join(' ')));
  row.append(bubble);
  if (line.trouble) row.append(makeTrouble(line.trouble));
  return row;
}

function makeFoot(line, data) {
  const foot = el('span', 'foot', (line.edited ? data.words.edited + ' · ' : '') + clock(line.at, data));
  if (line.sender !== 'customer') {
    const tick = icon(TICK[line.status] || TICK.queued, 'tick ' + line.status);
    tick.setAttribute('role', 'img');
    tick.setAttribute('aria-label', data.words['status_' + line.status] || line.status);
    foot.append(tick);
    foot.title = data.words['status_' + line.status] || '';
  }
  return foot;
}

function makeTrouble(trouble) {
  const box = el('div', 'trouble');
  box.append(el('b', '', trouble.what), el('span', '', trouble.advice), el('small', '', trouble.provider));
  return box;
}

function makeFile(file, line, words) {
  if (file.state !== 'stored') return el('div', 'aside', file.state === 'pending' ? words.file_pending : words.file_failed);
  const address = `/files/${file.id}`;
  const mime = file.mime || `${line.type}/`;
  if (/^(image|sticker)\//.test(mime)) {
    const link = el('a', 'picture ' + line.type);
    Object.assign(link, {href: address, target: '_blank', rel: 'noopener'});
    const picture = el('img');
    Object.assign(picture, {src: address, alt: line.text || words.type_image, loading: 'lazy'});
    link.append(picture);
    return link;
  }
  if (/^(audio|video)\//.test(mime)) {
    const player = el(mime.slice(0, 5));
    Object.assign(player, {src: address, controls: true, preload: 'metadata'});
    player.ariaLabel = words['type_' + mime.slice(0, 5)];
    return player;
  }
  const link = el('a', 'document');
  Object.assign(link, {href: address, download: file.name || ''});
  const label = el('span', '', file.name || words.type_document);
  if (file.size) label.append(el('small', '', size(file.size)));
  link.append(icon(PAPER), label);
  return link;
}

const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

function makePlace(line, words) {
  const link = el('a', 'place');
  const {latitude, longitude} = line.place;
  link.href = `https://www.openstreetmap.org/?mlat=${Number(latitude)}&mlon=${Number(longitude)}#map=16/${Number(latitude)}/${Number(longitude)}`;
  Object.assign(link, {target: '_blank', rel: 'noopener noreferrer'});
  const label = el('span', '', line.text || `${latitude}, ${longitude}`);
  label.append(el('small', '', words.open_map));
  link.append(icon(PIN), label);
  return link;
}

// ---- the box to write in
function drawComposer(state) {
  const {data, area, note, hint, composer} = state;
  const reason = state.reason?.conversation === data.conversation ? state.reason.text : null;
  const words = data.shut || reason;
  note.hidden = !words;
  note.textContent = words || '';
  note.className = data.shut ? 'note shut' : 'note';
  composer.classList.toggle('closed', Boolean(data.shut));
  area.disabled = Boolean(data.shut);
  area.placeholder = data.bot ? data.words.placeholder_bot : data.words.placeholder;
  area.ariaLabel = data.words.reply;
  state.send.textContent = data.words.send;
  hint.textContent = [data.words.hint, windowLeft(data)].filter(Boolean).join(' · ');
  grow(area);
  area.oninput = () => grow(area);
  area.onblur = () => keepDraft(state);
  area.onkeydown = (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(state); }
  };
  composer.onsubmit = (event) => { event.preventDefault(); send(state); area.focus(); };
}

function windowLeft(data) {
  if (!data.window) return '';
  const minutes = Math.floor((Date.parse(data.window) - Date.now()) / 60000);
  return minutes > 0 ? fill(data.words.window, {time: minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`}) : '';
}

function grow(area) {
  area.style.height = 'auto';
  area.style.height = `${Math.min(area.scrollHeight, 180)}px`;
}
