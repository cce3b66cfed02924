const el = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text != null) node.textContent = text;
  return node;
};
const icon = (paths, className) => {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', className || '');
  for (const d of paths) {
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
};
const CHANNEL = {
  whatsapp: ['M3 13l.9-2.7A5.4 5.4 0 1 1 5.9 12.2z'],
  sms: ['M3 3.5h10v7H8L5 13v-2.5H3z'],
  email: ['M2.5 4h11v8h-11z', 'm3 4.5 5 4 5-4'],
};
const channelIcon = (kind) => icon(CHANNEL[kind] || CHANNEL.sms);
const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
// Fire a trigger of another component (trigger.py); if it is not mounted yet, it fires once it is.
const pull = (name, value) => {
  const triggers = (window.bothubTriggers ??= {});
  if (typeof triggers[name] === 'function') triggers[name](value);
  else triggers[name] = {value};
};
// Run `act` once `came` resolves: at the latest after MOMENT_MS, and before the user's next input.
const MOMENT_MS = 150;
const after = (came, act) => {
  let acted = false;
  const now = () => {
    if (acted) return;
    acted = true;
    clearTimeout(timer);
    for (const name of ['keydown', 'pointerdown']) window.removeEventListener(name, now, true);
    act();
  };
  const timer = setTimeout(now, MOMENT_MS);
  for (const name of ['keydown', 'pointerdown']) window.addEventListener(name, now, true);
  Promise.resolve(came).then(now);
};
// State shared by the components of the open conversation. `ahead` is the fetched JSON, `clicks` the number of
// conversations opened here, and `acts` the commands the server has not acknowledged.
const desk = () => (window.bothubDesk ??= {session: null, clicks: 0, ahead: null, acts: [], acted: 0});
// Return the newer of the last run's data and the fetched data. A run that started before the last click does not
// bring the previous conversation back.
const latest = (given, part) => {
  const shared = desk();
  if (given.session !== shared.session) Object.assign(shared, {session: given.session, clicks: given.heard, ahead: null, acts: [], acted: given.acted});
  shared.acts = shared.acts.filter((one) => one.n > given.acted);
  const came = shared.ahead?.[part];
  const newer = came?.conversation === given.conversation ? came.read_at > given.read_at : given.heard < shared.clicks;
  return came && newer ? {...given, ...came} : given;
};
// Redraw when a conversation was fetched; returns the unsubscribe function.
const follow = (draw) => {
  window.addEventListener('bothub:ahead', draw);
  return () => window.removeEventListener('bothub:ahead', draw);
};
// Run a command on the server. It is resent until acknowledged: of two quick triggers the first may be lost, and while
// disconnected all are.
const SAY_AGAIN_MS = 5000;
const act = (what, more) => {
  const shared = desk();
  shared.acts.push({n: ++shared.acted, what, ...more});
  sayActs();
};
const sayActs = () => {
  const shared = desk();
  clearTimeout(shared.saying);
  if (!shared.acts.length) return;
  pull('acts', shared.acts);
  shared.saying = setTimeout(sayActs, SAY_AGAIN_MS);
};
const isDoing = (what) => desk().acts.some((one) => one.what === what);
const tellWaiting = (waiting) => { document.title = (waiting ? `(${waiting}) ` : '') + document.title.replace(/^\(\d+\) /, ''); };

// Format a time. Formats are cached: creating one takes a hundred times as long as using it.
const DAY = {year: 'numeric', month: '2-digit', day: '2-digit'};
const DAY_NAME = {weekday: 'long', day: 'numeric', month: 'long'};
const DATE = {day: 'numeric', month: 'short'};
const CLOCK = {hour: '2-digit', minute: '2-digit', hourCycle: 'h23'};
const formats = new Map();
const formatTime = (moment, language, timeZone, options) => {
  const name = [language, timeZone, ...Object.keys(options)].join();
  if (!formats.has(name)) formats.set(name, new Intl.DateTimeFormat(language, {...options, timeZone}));
  return formats.get(name).format(new Date(moment));
};
