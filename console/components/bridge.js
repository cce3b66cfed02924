// One live socket per browser tab. It outlives redraws of this component, so its state hangs on the window.
const SIGNED_OUT = 4401;
const EVERYTHING = 0;
const SAY_MS = 2000;  // the server listens no more often
const STILL_HERE_MS = 4000;
const REDRAW_MS = 2000;  // a list that does not keep up by itself is drawn at most this often

// The conversation that is open here, or on its way: what is new in it since it was read has to be read as well.
const openHere = () => Number(document.documentElement.dataset.opening) || window.bothubLooking?.conversation;

export default function ({data, parentElement, setTriggerValue}) {
  const state = (window.bothubLive ??= {changed: new Set(), timer: 0, wait: 500, up: false, drawn: 0});
  state.tell = () => {
    clearTimeout(state.timer);
    const isHere = () => state.changed.has(openHere());
    const urgent = isHere() || state.changed.has(EVERYTHING);
    state.timer = setTimeout(() => {
      if (document.hidden || !state.changed.size) return;  // a hidden tab catches up when it is looked at
      const changed = [...state.changed];
      const here = isHere() ? openHere() : null;
      state.changed.clear();
      state.drawn = Date.now();
      // The inbox draws what changed, and the tab's title with it.
      if (typeof window.bothubTriggers?.rows !== 'function') setTriggerValue('tick', changed);
      else if (changed.includes(EVERYTHING)) pull('desk', changed);
      else {
        if (here) showNews(here);
        if (state.unplaced || changed.some((id) => id !== here)) pull('rows', changed);
      }
      state.unplaced = false;
    }, urgent ? 30 : Math.max(30, state.drawn + REDRAW_MS - Date.now()));
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
      Object.assign(state, {lost: false, up: true, wait: 500, said: 0});
      sayLooking(state);
      document.documentElement.dataset.live = 'true';
      state.tell();
    };
    socket.onmessage = (event) => {
      const news = JSON.parse(event.data);
      if (news.calls) return ring(news.calls);
      if (news.rows) return takeNews(state, news);
      if (!Array.isArray(news)) return window.dispatchEvent(new CustomEvent('bothub:present', {detail: news}));
      for (const id of news) state.changed.add(id);
      state.tell();
    };
    socket.onclose = (event) => {
      if (window.bothubLeaving) return;  // the sign-in page is on its way
      if (event.code === SIGNED_OUT) {
        window.bothubUnsaved?.();  // the session that held it has ended
        return location.assign('/auth/login?ended&next=' + encodeURIComponent(location.pathname + location.search));
      }
      Object.assign(state, {lost: true, up: false});
      state.wait = Math.min(state.wait * 2, 15000);
      setTimeout(open, state.wait * (0.75 + Math.random() / 2));
    };
  };
  open();
  // The net below: now and then everything is read again, more often while there is no socket.
  let quiet = 0;
  setInterval(() => {
    quiet += 10;
    if (state.up && quiet < 60) return;
    quiet = 0;
    state.changed.add(EVERYTHING);
    state.tell();
  }, 10000);
  document.addEventListener('visibilitychange', () => { state.tell(); sayLooking(state); });
  window.addEventListener('bothub:looking', () => sayLooking(state));
  setInterval(() => { if (window.bothubLooking?.conversation && !document.hidden) sayLooking(state); }, STILL_HERE_MS);
}

// What is new in the open conversation comes by itself. The server is told where that leaves something to do.
async function showNews(conversation) {
  const {clicks} = desk();
  const came = await window.bothubAhead?.(conversation);
  if (!came || desk().ahead?.head.unread) pull('open', {conversation, unread: true, clicks, draw: !came});
}

// Conversations that changed elsewhere come as they look in a list, which says of which it does not know the place.
function takeNews(state, news) {
  // The server hears a moment later what is looked at here: what came meanwhile was only told for the list.
  const here = openHere();
  if (!news.told.includes(here) && news.rows.some((row) => row.id === here)) state.changed.add(here);
  if (!window.bothubMoved) return tellWaiting(news.counts.waiting);
  for (const id of window.bothubMoved(news)) {
    state.changed.add(id);
    state.unplaced = true;
  }
  state.tell();
}

// Which conversation is looked at here (the thread keeps it on the window), said now or as soon as one may again.
function sayLooking(state) {
  clearTimeout(state.saying);
  if (!state.up) return;
  const wait = (state.said || 0) + SAY_MS - Date.now();
  if (wait > 0) {
    state.saying = setTimeout(() => sayLooking(state), wait);
    return;
  }
  const {conversation = null, typedAt = 0} = document.hidden ? {} : window.bothubLooking || {};
  if (conversation === null && !state.told) return;
  state.told = conversation;
  state.said = Date.now();
  state.socket.send(JSON.stringify({looking: conversation, typing: Date.now() - typedAt < 2 * SAY_MS}));
}

// ---- a sound for a customer who needs an answer and is not being read; one for all tabs, unless it is switched off
const RING_EVERY_MS = 1500;
const TONES = [[660, 0], [880, 0.13]];  // Hz, and seconds from now

function ring(conversations) {
  const unread = conversations.filter((id) => document.hidden || id !== window.bothubLooking?.conversation);
  const last = Number(localStorage.getItem('bothub.rang'));
  if (!unread.length || localStorage.getItem('bothub.sound') === 'off' || Math.abs(Date.now() - last) < RING_EVERY_MS) return;
  localStorage.setItem('bothub.rang', Date.now());
  const audio = (window.bothubAudio ??= new AudioContext());
  audio.resume();  // a browser stays silent until somebody has touched the page
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
