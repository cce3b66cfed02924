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
const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
// Pulls a trigger of another part of the page (trigger.py); one that has not come yet is pulled when it does.
const pull = (name, value) => {
  const triggers = (window.bothubTriggers ??= {});
  if (typeof triggers[name] === 'function') triggers[name](value);
  else triggers[name] = {value};
};
// Acts once `came` has: at the latest after a moment, and before whatever somebody does next.
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
const tellWaiting = (waiting) => { document.title = (waiting ? `(${waiting}) ` : '') + document.title.replace(/^\(\d+\) /, ''); };

// A moment in words. Making a format takes a hundred times as long as using it.
const DAY = {year: 'numeric', month: '2-digit', day: '2-digit'};
const DAY_NAME = {weekday: 'long', day: 'numeric', month: 'long'};
const DATE = {day: 'numeric', month: 'short'};
const CLOCK = {hour: '2-digit', minute: '2-digit', hourCycle: 'h23'};
const formats = new Map();
const told = (moment, language, timeZone, options) => {
  const name = [language, timeZone, ...Object.keys(options)].join();
  if (!formats.has(name)) formats.set(name, new Intl.DateTimeFormat(language, {...options, timeZone}));
  return formats.get(name).format(new Date(moment));
};
