// Composer for replies to the customer and notes to colleagues.
import { el, icon } from '../dom.js';
import { fill } from '../format.js';
import { drawCopilot } from './copilot.js';
import { keepDraft, keepDraftSoon } from './drafts.js';
import { drawFiles, fileButton } from './files.js';
import { drawFaces, drawSpot } from './inserts.js';
import { TICK } from './message.js';
import { answeredMeanwhile, typed } from './others.js';
import { send } from './outbox.js';
import { drawTemplates } from './templates.js';

export function drawComposer(state) {
  const { data, area, note, hint, composer } = state;
  watchWindow(state);
  const noting = isNoting(state);
  const reason = state.reason?.conversation === data.conversation ? state.reason.text : null;
  const words = (noting ? null : data.shut?.words) || reason || answeredMeanwhile(state);
  note.hidden = !words;
  note.textContent = words || '';
  note.className = data.shut && !noting ? 'note shut' : 'note';
  composer.classList.toggle('closed', Boolean(data.shut) && !noting);
  composer.classList.toggle('noting', noting);
  area.readOnly = Boolean(data.shut) && !noting;
  composer.classList.toggle('written', Boolean(area.value)); // text stays readable and copyable
  area.placeholder = noting
    ? data.words.placeholder_note
    : data.bot
      ? data.words.placeholder_bot
      : data.words.placeholder;
  area.ariaLabel = noting ? data.words.note : data.words.reply;
  state.send.textContent = noting ? data.words.add_note : data.words.send;
  hint.textContent = [data.saved.length && !noting ? data.words.hint_saved : '', data.words.hint]
    .filter(Boolean)
    .join(' · ');
  drawModes(state);
  drawLeft(state);
  drawFiles(state);
  drawReply(state);
  drawTemplates(state);
  drawFaces(state);
  drawSpot(state);
  drawCopilot(state);
  state.attach.hidden = noting || !data.files;
  state.attach.ariaLabel = state.attach.title = data.words.attach;
  grow(area);
  area.oninput = () => {
    grow(area);
    offerSaved(state);
    typed(state);
    noteBeginning(state);
    keepDraftSoon(state);
  };
  area.onblur = () => {
    keepDraft(state);
    setTimeout(() => hideSaved(state), 150);
  };
  area.onkeydown = (event) => {
    if (!state.offer.hidden && pickByKey(state, event)) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send(state);
    }
  };
  composer.onsubmit = (event) => {
    event.preventDefault();
    send(state);
    area.focus();
  };
}

export const isNoting = (state) => state.noting === state.data.conversation;

function drawModes(state) {
  const { data, modes } = state;
  const noting = isNoting(state);
  if (!modes.children.length) modes.append(el('button'), el('button'), el('span', 'left'));
  [
    [false, data.words.reply],
    [true, data.words.note],
  ].forEach(([note, words], index) => {
    const button = modes.children[index];
    Object.assign(button, { type: 'button', textContent: words });
    button.setAttribute('aria-pressed', String(note === noting));
    button.onclick = () => {
      state.noting = note ? data.conversation : null;
      state.kept = null;
      keepDraft(state);
      drawComposer(state);
      state.area.focus();
    };
  });
}

function drawReply(state) {
  const { reply, replying, data } = state;
  reply.hidden = !replying;
  if (!replying) return;
  reply.replaceChildren(
    el('b', '', replying.author),
    el('span', '', replying.text),
    fileButton('✕', data.words.file_remove, () => {
      state.replying = null;
      drawComposer(state);
    }),
  );
}

// ---- saved replies: a leading slash opens them, keys select
function offerSaved(state) {
  const match = isNoting(state) ? null : /^\/([\p{L}\p{N}_-]*)$/u.exec(state.area.value);
  const asked = match?.[1].toLowerCase();
  state.offered = match ? state.data.saved.filter((one) => one.shortcut.includes(asked)).slice(0, 8) : [];
  state.chosen = 0;
  drawOffer(state);
}

function drawOffer(state) {
  const { offer, offered } = state;
  offer.hidden = !offered.length;
  offer.replaceChildren(
    ...offered.map((one, index) => {
      const row = el('button', index === state.chosen ? 'on' : '');
      row.type = 'button';
      row.append(el('b', '', '/' + one.shortcut), el('span', '', one.text));
      row.onmousedown = (event) => {
        event.preventDefault();
        pick(state, one);
      };
      return row;
    }),
  );
}

function hideSaved(state) {
  state.offered = [];
  drawOffer(state);
}

function pickByKey(state, event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    state.chosen = (state.chosen + step + state.offered.length) % state.offered.length;
    drawOffer(state);
  } else if (event.key === 'Enter' || event.key === 'Tab') pick(state, state.offered[state.chosen]);
  else if (event.key === 'Escape') hideSaved(state);
  else return false;
  event.preventDefault();
  return true;
}

export function pick(state, one) {
  state.area.value = one.text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (whole, name) => state.data.values[name] ?? whole);
  hideSaved(state);
  grow(state.area);
  state.area.focus();
}

// Time left in the reply window, highlighted near its end and updated while shown.
const SOON_MINUTES = 120;
function drawLeft(state) {
  const { data, modes } = state;
  const left = modes.lastChild;
  const minutes = data.window && !data.shut ? Math.floor((Date.parse(data.window) - Date.now()) / 60000) : 0;
  left.hidden = minutes <= 0 || isNoting(state);
  if (left.hidden) return;
  left.className = minutes < SOON_MINUTES ? 'left soon' : 'left';
  left.replaceChildren(
    icon(TICK.queued),
    fill(data.words.window, { time: minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h` }),
  );
}

// The reply window ends while the page is open: show it immediately, like the next draw would.
function watchWindow(state) {
  const { data } = state;
  clearTimeout(state.windowTimer);
  if (data.shut || !data.window) return;
  const left = Date.parse(data.window) - Date.now();
  if (left <= 0) data.shut = { by: 'window', words: data.window_over };
  else
    state.windowTimer = setTimeout(
      () => {
        watchWindow(state);
        if (data.shut) drawComposer(state);
        else drawLeft(state);
      },
      Math.min(left + 50, 30000),
    );
}

function noteBeginning(state) {
  if (!state.area.value.trim()) state.beganAt = null;
  else if (state.beganAt?.conversation !== state.data.conversation)
    state.beganAt = { conversation: state.data.conversation, line: state.data.lines.at(-1)?.id ?? 0 };
}

// For browsers without CSS field-sizing.
export function grow(area) {
  if (CSS.supports('field-sizing', 'content')) return;
  area.style.height = 'auto';
  area.style.height = `${Math.min(area.scrollHeight, 180)}px`;
}
