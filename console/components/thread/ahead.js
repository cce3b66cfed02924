// Fetches the open conversation without a Streamlit rerun.
import { desk, events, follow, latest, provide } from '../desk.js';
import { draw } from './index.js';

const AHEAD_FEWEST = 60;
const AHEAD_MOST = 300;
const OPENING_MS = 5000;

export function listenAhead(state) {
  state.askAhead = (conversation) => askAhead(state, conversation);
  state.withdraw = provide('fetch', state.askAhead);
  state.unfollow = follow(() => draw(state));
}

export function forgetAhead(state) {
  state.withdraw();
  state.unfollow();
  state.asked?.abort();
  opened(state);
}

// Return whether it was fetched; if not, the server must draw it.
async function askAhead(state, conversation) {
  const here = conversation === state.conversation;
  const lines = here ? Math.max(AHEAD_FEWEST, state.data.lines.length) : AHEAD_FEWEST;
  if (!here) opening(state, conversation);
  if (lines > AHEAD_MOST) return false;
  state.asked?.abort();
  const asked = (state.asked = new AbortController());
  try {
    const answer = await fetch(`/inbox/${conversation}?lines=${lines}`, { signal: asked.signal });
    if (!answer.ok) return false;
    desk.ahead = await answer.json();
    events.dispatchEvent(new Event('ahead'));
    return true;
  } catch (error) {
    console.debug('Fetching the conversation failed; the server draws it.', error);
    return asked.signal.aborted; // aborted: a newer request is under way
  }
}

// While loading, the previous conversation is still shown, but disabled.
function opening(state, conversation) {
  clearTimeout(state.openingTimer);
  state.opening = conversation;
  document.documentElement.dataset.opening = conversation;
  state.openingTimer = setTimeout(() => opened(state), OPENING_MS);
}

function opened(state) {
  clearTimeout(state.openingTimer);
  state.opening = null;
  delete document.documentElement.dataset.opening;
}

export function newest(state) {
  const data = latest(state.given, 'thread');
  if (state.opening === data.conversation) opened(state);
  if (data.conversation === state.given.conversation)
    return { ...data, templates: data.templates ?? state.given.templates };
  return { ...data, copilot: { ...data.copilot, job: null } };
}
