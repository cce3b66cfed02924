// The phone itself: people, thread, composer, and the live connection.
import { attempt, call, listen } from './api.js';
import { bubble, timeOf } from './bubbles.js';
import { $, el, icon, toast } from './dom.js';
import { language, t, translatePage } from './i18n.js';
import { refreshFaults, refreshWebhooks, showFaults, showWebhook, startPanel } from './panel.js';

const CHANNELS = [
  ['whatsapp', 'WhatsApp'],
  ['twilio_whatsapp', 'WhatsApp · Twilio'],
  ['sms', 'SMS'],
];
const EMOJI = ['👍', '❤️', '😂', '😮', '😢', '🙏'];
/** @type {[country: string, name: string, number: () => string][]} */
const PRESETS = [
  ['MX', 'Ana Martínez', () => `+52 55 ${digits(4)} ${digits(4)}`],
  ['AR', 'Tomás Gómez', () => `+54 11 ${digits(4)} ${digits(4)}`],
  ['BR', 'Júlia Souza', () => `+55 11 9${digits(4)} ${digits(4)}`],
  ['US', 'Emily Carter', () => `+1 415 555 0${digits(3)}`],
];
const FILE_LIMIT = 16 * 1024 * 1024;

const state = {
  customers: new Map(),
  current: null,
  channel: 'whatsapp',
  entries: new Map(),
  reply: null,
  unread: new Map(),
};
const digits = (count) =>
  Array.from({ length: count }, (_, at) => Math.floor(Math.random() * (at ? 10 : 9)) + (at ? 0 : 1)).join('');

// People

function initials(name) {
  const parts = name
    .replace(/[^\p{L}\d ]/gu, '')
    .trim()
    .split(/\s+/);
  return (
    parts
      .slice(0, 2)
      .map((part) => part[0] ?? '')
      .join('')
      .toUpperCase() || '#'
  );
}

function hue(text) {
  return [...text].reduce((sum, char) => (sum * 31 + char.codePointAt(0)) % 360, 7);
}

function avatar(customer) {
  const node = el('span', { class: 'avatar', 'aria-hidden': 'true' }, initials(customer.name));
  node.style.setProperty('--hue', hue(customer.id));
  return node;
}

function personRow(customer) {
  const unread = state.unread.get(customer.id) ?? 0;
  return el(
    'li',
    {},
    el(
      'button',
      {
        type: 'button',
        class: customer.id === state.current ? 'current' : '',
        'aria-current': customer.id === state.current ? 'true' : null,
        on: { click: () => choose(customer.id) },
      },
      avatar(customer),
      el('span', { class: 'lines' }, el('b', {}, customer.name), el('small', {}, customer.last_text || customer.phone)),
      el(
        'span',
        { class: 'side' },
        customer.last_at ? el('time', {}, timeOf(customer.last_at)) : null,
        unread ? el('i', {}, String(unread)) : null,
      ),
    ),
  );
}

function showPeople() {
  const sorted = [...state.customers.values()].sort((a, b) => (b.last_at ?? 0) - (a.last_at ?? 0)).slice(0, 200);
  $('people').replaceChildren(...(sorted.length ? sorted.map(personRow) : [el('li', { class: 'foot' }, t('nobody'))]));
}

async function choose(id) {
  state.current = id;
  state.unread.delete(id);
  state.reply = null;
  localStorage.setItem('customer', id);
  document.body.classList.add('in-chat');
  showQuote();
  showPeople();
  await loadThread();
}

async function loadThread() {
  if (!state.current) return showThread();
  const id = state.current;
  const entries = await call('GET', `/customers/${encodeURIComponent(id)}/thread?limit=300`).catch(() => []);
  if (id !== state.current) return undefined;
  state.entries = new Map(entries.map((entry) => [entry.id, entry]));
  return showThread();
}

// Thread

function dayOf(seconds) {
  const date = new Date(seconds * 1000);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86400000);
  if (days === 0) return t('today');
  if (days === 1) return t('yesterday');
  return date.toLocaleDateString(language, { day: 'numeric', month: 'long', year: 'numeric' });
}

function reactionsBy(entries) {
  const found = new Map();
  for (const entry of entries) {
    const reaction = entry.content.reaction;
    if (!reaction) continue;
    const given = found.get(reaction.message_id) ?? new Map();
    given.set(entry.incoming, reaction.emoji ?? '');
    found.set(reaction.message_id, given);
  }
  return (id) => [...(found.get(id)?.values() ?? [])].filter(Boolean);
}

const actions = {
  press: (entry, type, reply) =>
    send({ type, reply_id: reply.id, text: reply.title, description: reply.description, reply_to: entry.id }),
  sendLocation: () =>
    send({
      type: 'location',
      latitude: 19.432608,
      longitude: -99.133209,
      name: 'Zócalo',
      address: 'Centro, Ciudad de México',
    }),
  quote: (entry) => {
    state.reply = entry;
    showQuote();
    $('text').focus();
  },
  openList,
  pick: openPicker,
};

// Nodes whose message did not change stay in place, so that a playing recording plays on.
const drawn = new Map();
function draw(key, facts, make) {
  const signature = JSON.stringify(facts);
  const known = drawn.get(key);
  if (known?.signature === signature) return known.node;
  const node = make();
  drawn.set(key, { signature, node });
  return node;
}

function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  let at = parent.firstChild;
  for (const node of nodes) {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
}

function showThread() {
  const thread = $('thread');
  const place = `${state.current}/${state.channel}`;
  const moved = thread.dataset.of !== place;
  const near = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 160;
  const entries = [...state.entries.values()]
    .filter((entry) => entry.channel === state.channel)
    .sort((a, b) => a.at - b.at);
  const reactions = reactionsBy(entries);
  const nodes = [];
  if (moved) drawn.clear();
  let day = '';
  for (const entry of entries) {
    if (entry.content.reaction) continue;
    if (dayOf(entry.at) !== day) {
      day = dayOf(entry.at);
      const shown = day;
      nodes.push(draw(`day ${day}`, day, () => el('p', { class: 'day' }, el('span', {}, shown))));
    }
    const look = { quoted: state.entries.get(entry.reply_to), reactions: reactions(entry.id), actions };
    nodes.push(draw(entry.id, [entry, look.quoted?.id, look.reactions], () => bubble(entry, look)));
  }
  if (!nodes.length) nodes.push(el('p', { class: 'empty' }, el('span', {}, t('empty'))));
  const dots = thread.querySelector('.dots');
  if (dots && !moved) nodes.push(dots);
  arrange(thread, nodes);
  thread.dataset.of = place;
  if (near || moved) thread.scrollTop = thread.scrollHeight;
}

let typingTimer = 0;
function showTyping(on) {
  clearTimeout(typingTimer);
  $('presence').textContent = on ? t('typing') : t('online');
  $('presence').classList.toggle('typing', on);
  $('thread').querySelector('.dots')?.remove();
  if (!on) return;
  $('thread').append(
    el('article', { class: 'bubble theirs dots' }, el('div', { class: 'box' }, el('i'), el('i'), el('i'))),
  );
  $('thread').scrollTop = $('thread').scrollHeight;
  typingTimer = setTimeout(() => showTyping(false), 25000);
}

function openPicker(entry, anchor) {
  document.querySelector('.picker')?.remove();
  const react = (emoji) => {
    picker.remove();
    send({ type: 'reaction', message_id: entry.id, emoji });
  };
  const picker = el(
    'div',
    { class: 'picker', role: 'menu' },
    ...EMOJI.map((emoji) =>
      el('button', { type: 'button', role: 'menuitem', on: { click: () => react(emoji) } }, emoji),
    ),
  );
  anchor.closest('.bubble').append(picker);
  picker.querySelector('button').focus();
  picker.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') picker.remove();
  });
  setTimeout(() => document.addEventListener('click', () => picker.remove(), { once: true }));
}

function openList(entry) {
  const { header, action } = entry.content.interactive;
  $('list-title').textContent = header?.text || action.button || t('options');
  const choice = (reply) =>
    el(
      'button',
      {
        type: 'button',
        class: 'option',
        on: {
          click: () => {
            $('list-dialog').close();
            actions.press(entry, 'list_reply', reply);
          },
        },
      },
      el('b', {}, reply.title),
      reply.description ? el('small', {}, reply.description) : null,
    );
  $('list-rows').replaceChildren(
    ...action.sections
      .flatMap((section) => [section.title ? el('h3', {}, section.title) : null, ...section.rows.map(choice)])
      .filter(Boolean),
  );
  $('list-dialog').showModal();
}

// Writing

async function send(message) {
  if (!state.current) return openPersonDialog();
  const body = { channel: state.channel, ...message };
  if (state.reply && !('reply_to' in body)) body.reply_to = state.reply.id;
  state.reply = null;
  showQuote();
  const sent = await attempt('POST', `/customers/${encodeURIComponent(state.current)}/messages`, body);
  if (sent) receive(sent);
  return sent;
}

function showQuote() {
  $('quote').hidden = !state.reply;
  $('quote').querySelector('p').textContent = state.reply ? state.reply.text || state.reply.type : '';
}

function fitText() {
  const area = $('text');
  area.style.height = 'auto';
  area.style.height = `${Math.min(area.scrollHeight, 120)}px`;
  const writing = area.value.trim() !== '' || state.channel === 'sms';
  $('send').replaceChildren(icon(writing ? 'send' : 'mic'));
  $('send').setAttribute('aria-label', t(writing ? 'send' : 'voice'));
  $('send').title = t(writing ? 'send' : 'voice');
}

async function submit(event) {
  event?.preventDefault();
  const text = $('text').value.trim();
  if (!text && state.channel === 'sms') return;
  $('text').value = '';
  fitText();
  const sent = await send(text ? { type: 'text', text } : { type: 'voice' });
  if (!sent && text) {
    $('text').value = text;
    fitText();
  }
}

function showTray() {
  const sms = state.channel === 'sms';
  const meta = state.channel === 'whatsapp';
  /** @type {[shown: boolean, icon: string, label: string, act: () => void][]} */
  const items = [
    [true, 'photo', 'photo', () => send({ type: 'image', text: takeText() })],
    [!sms, 'mic', 'voiceNote', () => send({ type: 'voice' })],
    [true, 'doc', 'document', () => send({ type: 'document', text: takeText() })],
    [!sms, 'pin', 'location', actions.sendLocation],
    [meta, 'person', 'contact', () => send({ type: 'contacts' })],
    [meta, 'sticker', 'sticker', () => send({ type: 'sticker' })],
    [true, 'upload', 'upload', () => $('file').click()],
  ];
  $('tray').replaceChildren(
    ...items
      .filter(([shown]) => shown)
      .map(([, name, label, act]) =>
        el(
          'button',
          {
            type: 'button',
            class: `item kind-${label}`,
            on: {
              click: () => {
                toggleTray(false);
                act();
              },
            },
          },
          el('span', {}, icon(name)),
          t(label),
        ),
      ),
  );
}

function takeText() {
  const text = $('text').value.trim();
  $('text').value = '';
  fitText();
  return text;
}

function toggleTray(open) {
  $('tray').hidden = !open;
  $('attach').setAttribute('aria-expanded', String(open));
  if (open) showTray();
  $('thread').scrollTop = $('thread').scrollHeight;
}

function sendFile() {
  const file = $('file').files[0];
  $('file').value = '';
  if (!file) return;
  if (file.size > FILE_LIMIT) {
    toast(t('tooBig'));
    return;
  }
  const kind = ['image', 'video', 'audio'].find((name) => file.type.startsWith(`${name}/`)) ?? 'document';
  const reader = new FileReader();
  reader.addEventListener('load', () => {
    const [, data] = String(reader.result).split(',');
    send({
      type: kind,
      text: takeText(),
      media: { data, mime_type: file.type || 'application/octet-stream', filename: file.name },
    });
  });
  reader.readAsDataURL(file);
}

// Channels

function showChannels() {
  document.body.dataset.channel = state.channel;
  $('channels').replaceChildren(
    ...CHANNELS.map(([key, label]) =>
      el(
        'button',
        {
          type: 'button',
          role: 'radio',
          'aria-checked': String(key === state.channel),
          on: { click: () => setChannel(key) },
        },
        label,
      ),
    ),
  );
}

function setChannel(channel) {
  state.channel = channel;
  localStorage.setItem('channel', channel);
  toggleTray(false);
  showChannels();
  fitText();
  showThread();
}

// New people

function openPersonDialog() {
  preset(0);
  $('person-dialog').showModal();
}

function preset(index) {
  const [, name, number] = PRESETS[index];
  $('person-name').value = name;
  $('person-phone').value = number();
}

async function addPerson() {
  const made = await attempt('POST', '/customers', {
    name: $('person-name').value.trim(),
    phone: $('person-phone').value,
  });
  if (!made) return;
  state.customers.set(made.id, { ...state.customers.get(made.id), ...made });
  await choose(made.id);
  $('text').focus();
}

// News

function receive(entry) {
  const customer = state.customers.get(entry.customer);
  if (!customer) {
    loadPeople();
    return;
  }
  if (!entry.content.reaction && entry.at >= (customer.last_at ?? 0)) {
    customer.last_at = entry.at;
    customer.last_text = entry.text || entry.type;
  }
  if (entry.customer !== state.current) {
    if (!entry.incoming && !entry.history.length)
      state.unread.set(entry.customer, (state.unread.get(entry.customer) ?? 0) + 1);
    showPeople();
    return;
  }
  const fresh = !state.entries.has(entry.id);
  state.entries.set(entry.id, entry);
  if (fresh && !entry.incoming) {
    showTyping(false);
    if (entry.channel !== state.channel) setChannel(entry.channel);
  }
  showThread();
  if (fresh) showPeople();
}

async function loadPeople() {
  const customers = await call('GET', '/customers');
  state.customers = new Map(
    customers.map((customer) => [customer.id, { ...state.customers.get(customer.id), ...customer }]),
  );
  if (!state.customers.has(state.current)) state.current = null;
  showPeople();
}

async function reload() {
  await loadPeople();
  const wanted = state.current ?? localStorage.getItem('customer');
  const first = state.customers.has(wanted) ? wanted : [...state.customers.keys()][0];
  if (first) {
    state.current = first;
    showPeople();
  }
  await loadThread();
}

function connect() {
  const events = listen();
  const on = (name, handler) => events.addEventListener(name, (event) => handler(JSON.parse(event.data)));
  let lost = false;
  on('message', receive);
  on('customer', (customer) => {
    state.customers.set(customer.id, { ...state.customers.get(customer.id), ...customer });
    showPeople();
  });
  on('typing', ({ customer, channel }) => {
    if (customer === state.current && channel === state.channel) showTyping(true);
  });
  on('webhook', showWebhook);
  on('faults', showFaults);
  on('reset', () => {
    state.unread.clear();
    reload();
    refreshWebhooks();
  });
  on('hello', () => {
    if (lost) {
      lost = false;
      reload();
      refreshFaults();
    }
  });
  events.addEventListener('error', () => {
    if (!lost) toast(t('offline'));
    lost = true;
  });
}

function start() {
  translatePage();
  document.body.classList.add('in-chat');
  const channel = localStorage.getItem('channel');
  if (CHANNELS.some(([key]) => key === channel)) state.channel = channel;
  $('business').textContent = t('business');
  showChannels();
  showTyping(false);
  fitText();
  startPanel();
  const tellTime = () => {
    $('clock').textContent = timeOf(Date.now() / 1000);
  };
  tellTime();
  setInterval(tellTime, 10000);
  $('presets').replaceChildren(
    ...PRESETS.map(([country, name], index) =>
      el('button', { type: 'button', title: name, 'aria-label': name, on: { click: () => preset(index) } }, country),
    ),
  );
  $('add').addEventListener('click', openPersonDialog);
  $('person-cancel').addEventListener('click', () => $('person-dialog').close());
  $('person-form').addEventListener('submit', addPerson);
  $('list-cancel').addEventListener('click', () => $('list-dialog').close());
  // A picture that arrives late must not push the newest message out of sight.
  $('thread').addEventListener(
    'load',
    () => {
      const thread = $('thread');
      if (thread.scrollHeight - thread.scrollTop - thread.clientHeight < 400) thread.scrollTop = thread.scrollHeight;
    },
    true,
  );
  $('back').addEventListener('click', () => document.body.classList.remove('in-chat'));
  $('composer').addEventListener('submit', submit);
  $('text').addEventListener('input', fitText);
  $('text').addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if ($('text').value.trim()) submit();
    }
  });
  $('attach').addEventListener('click', () => toggleTray($('tray').hidden));
  $('file').addEventListener('change', sendFile);
  $('quote-close').addEventListener('click', () => {
    state.reply = null;
    showQuote();
  });
  call('GET', '/settings')
    .then((known) => {
      $('target').textContent = t('postsTo', { url: known.webhook_base_url });
    })
    .catch((error) => toast(error.message));
  reload().then(connect, (error) => {
    toast(error.message);
    connect();
  });
}

start();
