// What the components of the inbox share.
import { pull } from './triggers.js';

// `ahead` is the fetched conversation, `clicks` the number of conversations opened here, and `acts` the commands the
// server has not acknowledged.
export const desk = { session: null, clicks: 0, ahead: null, acts: [], acted: 0, saying: 0 };
// What this agent looks at, for colleagues.
export const looking = { conversation: null, typedAt: 0 };
// "ahead": a conversation was fetched; "looking": the above changed; "present": news of a colleague.
export const events = new EventTarget();
// What mounted components do for others; null while they are not mounted.
export const parts = { open: null, fetch: null, takeRows: null, showCustomer: null };
export const provide = (name, part) => {
  parts[name] = part;
  return () => {
    if (parts[name] === part) parts[name] = null;
  };
};
// Return the newer of the last run's data and the fetched data. A run that started before the last click does not
// bring the previous conversation back.
export const latest = (given, part) => {
  if (given.session !== desk.session)
    Object.assign(desk, { session: given.session, clicks: given.heard, ahead: null, acts: [], acted: given.acted });
  desk.acts = desk.acts.filter((one) => one.n > given.acted);
  const came = desk.ahead?.[part];
  const newer = came?.conversation === given.conversation ? came.read_at > given.read_at : given.heard < desk.clicks;
  return came && newer ? { ...given, ...came } : given;
};
// Redraw when a conversation was fetched; returns the unsubscribe function.
export const follow = (draw) => {
  events.addEventListener('ahead', draw);
  return () => events.removeEventListener('ahead', draw);
};
// Run a command on the server. It is resent until acknowledged: of two quick triggers the first may be lost, and while
// disconnected all are.
const SAY_AGAIN_MS = 5000;
export const act = (what, more) => {
  desk.acts.push({ n: ++desk.acted, what, ...more });
  sayActs();
};
const sayActs = () => {
  clearTimeout(desk.saying);
  if (!desk.acts.length) return;
  pull('acts', desk.acts);
  desk.saying = setTimeout(sayActs, SAY_AGAIN_MS);
};
export const isDoing = (what) => desk.acts.some((one) => one.what === what);
