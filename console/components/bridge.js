// One websocket per browser tab, which survives redraws of this component.
import { desk, events, load, looking, parts } from './desk.js';
import { tellWaiting } from './dom.js';
import { list, refresh, takeNews as takeRows } from './inbox_list/rows.js';
import { leaving, signIn } from './unsaved.js';

let shared = null;
let speaker = null;

const SIGNED_OUT = 4401;
const EVERYTHING = 0;
const SAY_MS = 2000; // the server reads messages at most this often
const STILL_HERE_MS = 4000;
const REDRAW_MS = 2000; // minimum time between reads of a list that cannot apply changes itself

export default function ({ data, parentElement }) {
  const state = (shared ??= { changed: new Set(), timer: 0, wait: 500, up: false, drawn: 0 });
  state.tell = () => {
    clearTimeout(state.timer);
    const isHere = () => state.changed.has(desk.open);
    const urgent = isHere() || state.changed.has(EVERYTHING);
    state.timer = setTimeout(
      () => {
        if (document.hidden || !(state.changed.size || state.unplaced)) return; // a hidden tab catches up once visible
        const changed = [...state.changed];
        const all = changed.includes(EVERYTHING);
        const inInbox = parts.redraw !== null; // elsewhere, only the number of waiting customers is shown
        if (inInbox && (all || isHere())) load();
        if (all || (inInbox && (state.unplaced || changed.some((id) => id !== desk.open)))) refresh();
        if (inInbox && all) parts.redraw();
        state.changed.clear();
        Object.assign(state, { drawn: Date.now(), unplaced: false });
      },
      urgent ? 30 : Math.max(30, state.drawn + REDRAW_MS - Date.now()),
    );
  };
  tellWaiting(data.waiting);
  if (!state.socket) connect(state);
  parentElement.querySelector('i').dataset.ready = 'true';
}

function connect(state) {
  const open = () => {
    const socket = (state.socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/live'));
    socket.onopen = () => {
      if (state.lost) state.changed.add(EVERYTHING);
      else if (desk.open !== null) state.changed.add(desk.open);
      // What was asked for before now may have changed since.
      Object.assign(state, { lost: false, up: true, wait: 500, sentAt: 0, unplaced: list.wanted !== null });
      sayLooking(state);
      document.documentElement.dataset.live = 'true';
      state.tell();
    };
    socket.onmessage = (event) => {
      const news = JSON.parse(event.data);
      if (news.calls) return ring(news.calls);
      if (news.rows) return takeNews(state, news);
      if (!Array.isArray(news)) return events.dispatchEvent(new CustomEvent('present', { detail: news }));
      for (const id of news) state.changed.add(id);
      state.tell();
    };
    socket.onclose = (event) => {
      if (leaving.now) return; // the sign-in page is loading
      if (event.code === SIGNED_OUT) return signIn();
      Object.assign(state, { lost: true, up: false });
      state.wait = Math.min(state.wait * 2, 15000);
      setTimeout(open, state.wait * (0.75 + Math.random() / 2));
    };
  };
  open();
  // Fallback for missed events: refresh everything periodically, more often without a socket.
  let quiet = 0;
  setInterval(() => {
    quiet += 10;
    if (state.up && quiet < 60) return;
    quiet = 0;
    state.changed.add(EVERYTHING);
    state.tell();
  }, 10000);
  document.addEventListener('visibilitychange', () => {
    state.tell();
    sayLooking(state);
  });
  events.addEventListener('looking', () => sayLooking(state));
  setInterval(() => {
    if (looking.conversation && !document.hidden) sayLooking(state);
  }, STILL_HERE_MS);
}

// Pass changed list rows to the list, which is read again if it cannot place them.
function takeNews(state, news) {
  // The server learns of the open conversation with a delay: until then its changes arrive as list rows only.
  const here = desk.open;
  if (!news.told.includes(here) && news.rows.some((row) => row.id === here)) state.changed.add(here);
  if (!takeRows(news)) state.unplaced = true;
  state.tell();
}

// Send which conversation is open (set by the thread), now or at the next allowed time.
function sayLooking(state) {
  clearTimeout(state.saying);
  if (!state.up) return;
  const wait = (state.sentAt || 0) + SAY_MS - Date.now();
  if (wait > 0) {
    state.saying = setTimeout(() => sayLooking(state), wait);
    return;
  }
  const { conversation = null, typedAt = 0 } = document.hidden ? {} : looking;
  if (conversation === null && !state.sentConversation) return;
  state.sentConversation = conversation;
  state.sentAt = Date.now();
  state.socket.send(JSON.stringify({ looking: conversation, typing: Date.now() - typedAt < 2 * SAY_MS }));
}

// ---- sound for an unread customer who needs an answer; one for all tabs, unless switched off
const RING_EVERY_MS = 1500;
const TONES = [
  [660, 0],
  [880, 0.13],
]; // Hz, and offset in seconds

function ring(conversations) {
  const unread = conversations.filter((id) => document.hidden || id !== looking.conversation);
  const last = Number(localStorage.getItem('bothub.rang'));
  if (!unread.length || localStorage.getItem('bothub.sound') === 'off' || Math.abs(Date.now() - last) < RING_EVERY_MS)
    return;
  localStorage.setItem('bothub.rang', String(Date.now()));
  const audio = (speaker ??= new AudioContext());
  audio.resume(); // browsers block audio until the first interaction
  for (const [pitch, after] of TONES) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const at = audio.currentTime + after;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.12, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.32);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.35);
  }
  document.documentElement.dataset.rang = unread.join(' ');
}
