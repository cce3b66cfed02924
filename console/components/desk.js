// What the components of the inbox share.
import { post } from './api.js';
import { say } from './messages.js';
import { pull } from './triggers.js';
import { offer } from './undo_bar.js';

// `ahead` is the fetched conversation, `clicks` the number of conversations opened here, and `running` the commands
// that are not done yet.
export const desk = { session: null, clicks: 0, ahead: null, running: [] };
// What this agent looks at, for colleagues.
export const looking = { conversation: null, typedAt: 0 };
// "ahead": the conversation or what is done to it has changed; "looking": the above has; "present": news of a colleague.
export const events = new EventTarget();
// What mounted components do for others; null while they are not mounted.
export const parts = { open: null, fetch: null, takeRows: null, showCustomer: null };
export const provide = (name, part) => {
  parts[name] = part;
  return () => {
    if (parts[name] === part) parts[name] = null;
  };
};
// The open conversation, or the one being opened: its changes must be fetched.
export const openHere = () => Number(document.documentElement.dataset.opening) || looking.conversation;

// Return the newer of the last run's data and the fetched data. A run that started before the last click does not
// bring the previous conversation back.
export const latest = (given, part) => {
  if (given.session !== desk.session) Object.assign(desk, { session: given.session, clicks: given.heard, ahead: null });
  const came = desk.ahead?.[part];
  const newer = came?.conversation === given.conversation ? came.read_at > given.read_at : given.heard < desk.clicks;
  return came && newer ? { ...given, ...came } : given;
};

/**
 * Redraw when the conversation has changed; returns the unsubscribe function.
 *
 * @param {() => void} draw
 */
export const follow = (draw) => {
  events.addEventListener('ahead', draw);
  return () => events.removeEventListener('ahead', draw);
};
const redraw = () => events.dispatchEvent(new Event('ahead'));

// Run a command on the server, after those before it. Until it is done, controls keep what was chosen (`isRunning`); if it
// is refused, they show again what the server has, and the reason is shown.
let last = Promise.resolve();
export const run = (what, { conversation, ...values }) => {
  const one = { what, conversation };
  desk.running.push(one);
  redraw();
  last = last.then(async () => {
    const answer = await post(conversation, what, values);
    follows(what, answer);
    refresh(conversation).then(() => {
      desk.running.splice(desk.running.indexOf(one), 1);
      redraw();
    });
  });
};
export const isRunning = (what, conversation) =>
  desk.running.some((one) => one.what === what && one.conversation === conversation);

// Fetch the conversation again if it is the open one; the server draws it if that fails.
export const refresh = async (conversation) => {
  if (!conversation || conversation !== openHere() || !parts.fetch) return;
  const came = await parts.fetch(conversation);
  if (!came) pull('open', { conversation, unread: false, clicks: desk.clicks, draw: true });
};

function follows(what, answer) {
  if (answer.error || answer.said) say(answer.error || answer.said, Boolean(answer.error));
  if (answer.undo) offer(answer.undo);
  if (answer.open) parts.open?.(answer.open);
  if (what === 'unread' && answer.ok) parts.open?.(null);
}
