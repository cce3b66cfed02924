// The open conversation and what is done to it, shared by the components of the inbox.
import { get, post } from './api.js';
import { offer } from './dialogs/undo.js';
import { say } from './messages.js';

const PAGE = 60; // messages
const OPENING_MS = 5000;

// `open` is the conversation that this agent opened, `shown` the JSON of the last one that came, by component, `lines`
// how many of its messages are wanted, `templated` whether its templates are, and `running` the commands that are not
// done yet.
export const desk = { open: null, shown: null, lines: PAGE, templated: false, running: [] };
// What this agent looks at, for colleagues.
export const looking = { conversation: null, typedAt: 0 };
// "open": another conversation is open; "shown": it came, or what is done to it has changed; "looking": the above has;
// "present": news of a colleague.
export const events = new EventTarget();
const tell = (name) => events.dispatchEvent(new Event(name));
// What mounted components do for others; null while they are not mounted.
export const parts = { showCustomer: null, choices: null, redraw: null };
export const provide = (name, part) => {
  parts[name] = part;
  return () => {
    if (parts[name] === part) parts[name] = null;
  };
};

/**
 * Call when something has happened; returns the unsubscribe function.
 *
 * @param {string} name
 * @param {() => void} act
 */
export const follow = (name, act) => {
  events.addEventListener(name, act);
  return () => events.removeEventListener(name, act);
};

// ---- opening
const root = () => document.documentElement;
let opening = 0;

// The URL names the open conversation: links, a reload, Back and Forward lead to it.
export const addressed = () => Number(/^\d{1,15}$/.exec(new URLSearchParams(location.search).get('c') ?? '')?.[0] ?? 0);

/** @param {'pushState' | 'replaceState'} how */
export function address(how) {
  const url = new URL(location.href);
  if (desk.open === null) url.searchParams.delete('c');
  else url.searchParams.set('c', String(desk.open));
  if (url.href !== location.href) history[how](history.state, '', url);
}

// On arrival from another page, nothing kept the open conversation up to date.
export function arrive() {
  const asked = addressed();
  if (asked && asked !== desk.open) return show(asked);
  address('replaceState');
  return load();
}

export function open(conversation) {
  desk.open = conversation;
  address('pushState');
  return show(conversation);
}

// While loading, the previous conversation is still shown, but disabled. A phone switches immediately.
function show(conversation) {
  Object.assign(desk, { open: conversation, lines: PAGE, templated: false });
  root().dataset.desk = conversation === null ? 'list' : 'thread';
  root().toggleAttribute('data-open', conversation !== null);
  opened();
  if (conversation !== null && conversation !== desk.shown?.thread.conversation) {
    root().dataset.opening = conversation;
    opening = setTimeout(opened, OPENING_MS);
  }
  tell('open');
  return load();
}

function opened() {
  clearTimeout(opening);
  delete root().dataset.opening;
}

// Fetch the open conversation, until it comes. A newer request takes over; the older one is done when that one is.
let request = new AbortController();
let newest = Promise.resolve();
export function load() {
  request.abort();
  request = new AbortController();
  const mine = (newest = read(request.signal).then(() => (newest === mine ? undefined : newest)));
  return mine;
}

async function read(signal) {
  const { open: conversation, lines, templated } = desk;
  if (conversation === null) return close();
  const there = `/inbox/${conversation}?lines=${lines}&templates=${Number(templated)}`;
  const came = await get(there, signal, (error) => error && say(error, true));
  if (came) take(came);
  else if (came === null) leave(); // it is not there, or not for this agent any more
}

// Its entry in the history goes too: Back would lead to it, and from there here again.
function leave() {
  desk.open = null;
  address('replaceState');
  show(null);
}

function take(came) {
  desk.shown = came;
  opened();
  tell('shown');
  if (came.head.unread && !document.hidden) post(desk.open, 'seen', {});
}

function close() {
  desk.shown = null;
  tell('shown');
}

export function loadMore() {
  desk.lines += PAGE;
  load();
}

export function loadTemplates() {
  desk.templated = true;
  load();
}

// ---- commands
// Run a command on the server, after those before it. Until it is done, controls keep what was chosen (`isRunning`); if it
// is refused, they show again what the server has, and the reason is shown.
let last = Promise.resolve();
export const run = (what, { conversation, ...values }) => {
  const one = { what, conversation };
  desk.running.push(one);
  if (what === 'unread') open(null); // while open it would be marked as read again
  tell('shown');
  last = last.then(async () => {
    follows(await post(conversation, what, values));
    refresh(conversation).then(() => {
      desk.running.splice(desk.running.indexOf(one), 1);
      tell('shown');
    });
  });
};
export const isRunning = (what, conversation) =>
  desk.running.some((one) => one.what === what && one.conversation === conversation);
export const refresh = async (conversation) => {
  if (conversation && conversation === desk.open) await load();
};

export function follows(answer) {
  if (answer.error || answer.said) say(answer.error || answer.said, Boolean(answer.error));
  if (answer.undo) offer(answer.undo);
  if (answer.open) open(answer.open);
}
