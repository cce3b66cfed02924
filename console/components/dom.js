export const el = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text != null) node.textContent = text;
  return node;
};
export const icon = (paths, className) => {
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
export const channelIcon = (kind) => icon(CHANNEL[kind] || CHANNEL.sms);
export function pressable(className, words, press) {
  const button = el('button', className, words);
  button.type = 'button';
  button.onclick = press;
  return button;
}
// Place a popover under a button, with their right edges aligned.
export function place(popover, button) {
  const { bottom, right } = button.getBoundingClientRect();
  Object.assign(popover.style, { top: `${bottom + 4}px`, right: `${Math.max(8, innerWidth - right)}px` });
}
export const tellWaiting = (waiting) => {
  document.title = (waiting ? `(${waiting}) ` : '') + document.title.replace(/^\(\d+\) /, '');
};
