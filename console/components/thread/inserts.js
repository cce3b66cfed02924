// Emoji picker and location form of the composer.
import { el } from '../dom.js';
import { uuid } from '../format.js';
import { grow, isNoting } from './composer.js';
import { typed } from './others.js';
import { enqueue } from './outbox.js';
import { field } from './slots.js';

export const FACE = [
  'M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13z',
  'M5.8 6.2v.4',
  'M10.2 6.2v.4',
  'M5.2 9.6c1.4 2 4.2 2 5.6 0',
];
const FACES =
  '😀 😃 😄 😁 😅 😂 🙂 😉 😊 😇 😍 😘 😋 😎 🤩 🤗 🤔 😐 😕 😟 😢 😭 😮 😳 😬 😴 🤒 😡 🙄 🤝 👍 👎 👌 🙌 👏 🙏 💪 👋 ✌️ 👉 ✅ ❌ ⚠️ ❓ ❗ ⭐ 🎉 🎁 ❤️ 💙 💚 🔥 💡 📦 🚚 🛒 💳 📍 📞 ⏰'.split(
    ' ',
  );
const COLUMNS = 10;

export function drawFaces(state) {
  const { faces, emoji, data } = state;
  toggleOf(emoji, data.words.emoji, state.picking, () => {
    state.picking = !state.picking;
    drawFaces(state);
    if (state.picking) faces.firstChild.focus();
  });
  faces.hidden = !state.picking || state.area.disabled;
  if (faces.children.length) return;
  faces.setAttribute('role', 'group');
  faces.ariaLabel = data.words.emoji;
  faces.append(
    ...FACES.map((face) => {
      const button = el('button', '', face);
      Object.assign(button, { type: 'button', onclick: () => insert(state, face) });
      return button;
    }),
  );
  faces.onkeydown = (event) => {
    if (event.key === 'Escape') return closeFaces(state);
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...faces.children];
    buttons[buttons.indexOf(event.target) + step]?.focus();
  };
}

export function toggleOf(button, label, open, act) {
  button.ariaLabel = button.title = label;
  button.ariaExpanded = String(Boolean(open));
  button.onclick = act;
}

function closeFaces(state) {
  state.picking = false;
  drawFaces(state);
  state.area.focus();
}

function insert(state, face) {
  const { area } = state;
  area.setRangeText(face, area.selectionStart, area.selectionEnd, 'end');
  grow(area);
  typed(state);
  closeFaces(state);
}

// ---- location: coordinates, a map link, or the browser's position
export const COORDINATES = /(-?\d{1,2}(?:\.\d+)?)\s*[,;]\s*(-?\d{1,3}(?:\.\d+)?)/;

export function drawSpot(state) {
  const { spot, pin, data } = state;
  pin.hidden = isNoting(state) || !data.whatsapp || Boolean(data.shut);
  toggleOf(pin, data.words.place, state.placing, () => {
    state.placing = !state.placing;
    drawSpot(state);
    spot.querySelector('input')?.focus();
  });
  const open = state.placing && !pin.hidden;
  spot.hidden = !open;
  if (!open) return spot.replaceChildren();
  if (spot.children.length) return; // somebody is typing in it
  const { words } = data;
  const where = field(words.place_coordinates);
  const name = field(words.place_name);
  const trouble = el('span', 'aside');
  trouble.setAttribute('role', 'status');
  const found = () => {
    const [, latitude, longitude] = (COORDINATES.exec(where.value) || []).map(Number);
    return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : null;
  };
  const here = el('button', 'here', words.place_here);
  const go = el('button', 'send', words.send);
  here.type = go.type = 'button';
  here.hidden = !navigator.geolocation || !window.isSecureContext;
  here.onclick = () => {
    trouble.textContent = words.place_finding;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        where.value = `${coords.latitude.toFixed(6)}, ${coords.longitude.toFixed(6)}`;
        trouble.textContent = '';
        where.oninput();
      },
      () => {
        trouble.textContent = words.place_unknown;
      },
      { timeout: 10000, enableHighAccuracy: true },
    );
  };
  where.oninput = () => {
    go.disabled = !found();
  };
  go.disabled = true;
  go.onclick = () => {
    const place = { ...found(), name: name.value.trim() };
    state.placing = false;
    enqueue(state, [
      {
        conversation: data.conversation,
        at: new Date().toISOString(),
        token: uuid(),
        text: place.name || `${place.latitude}, ${place.longitude}`,
        place,
      },
    ]);
    state.area.focus();
  };
  spot.onkeydown = (event) => {
    if (event.key === 'Escape') {
      state.placing = false;
      drawSpot(state);
      pin.focus();
    }
    if (event.key === 'Enter' && event.target.matches('input')) {
      event.preventDefault();
      if (!go.disabled) go.click();
    }
  };
  spot.append(where, name, here, trouble, go);
}
