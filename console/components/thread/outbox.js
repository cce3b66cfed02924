// Outbox: messages stay in the tab until the server settles their token; the unique key in the database makes
// retries idempotent.
import { uuid } from '../format.js';
import { drawComposer, isNoting } from './composer.js';
import { draftOf, keepDraft, setDraft, takeDraft } from './drafts.js';
import { readyFiles } from './files.js';
import { drawLines } from './lines.js';
import { typed } from './others.js';

const RESEND_MS = 4000;
const boxName = (state) => `bothub.outbox.${state.data.me}`;
export const outbox = (state) => JSON.parse(sessionStorage.getItem(boxName(state)) || '[]');
const keepOutbox = (state, items) => sessionStorage.setItem(boxName(state), JSON.stringify(items));

export function settle(state) {
  const { data } = state;
  const done = new Set([...data.settled, ...Object.keys(data.refused), ...data.lines.map((line) => line.token)]);
  const items = outbox(state);
  const refused = items.filter((item) => item.token in data.refused);
  for (const item of refused) {
    // put the text back into the composer, with the reason
    const kept = draftOf(state, item.conversation);
    const draft = item.conversation === state.conversation ? state.area.value : kept.text;
    const text = [draft, item.template ? '' : item.text].filter(Boolean).join('\n');
    setDraft(state, item.conversation, { text, note: Boolean(item.note) || kept.note });
    if (item.conversation === state.conversation) takeDraft(state);
    state.reason = { conversation: item.conversation, text: data.refused[item.token] };
  }
  const left = items.filter((item) => !done.has(item.token));
  if (left.length !== items.length) keepOutbox(state, left);
  clearTimeout(state.timer);
  if (left.length) state.timer = setTimeout(() => flush(state), state.booted ? RESEND_MS : 0);
  state.booted = true;
}

function flush(state) {
  const items = outbox(state);
  if (!items.length) return;
  state.setStateValue('outbox', { count: (state.count += 1), at: Date.now(), items });
  clearTimeout(state.timer);
  state.timer = setTimeout(() => flush(state), RESEND_MS);
}

export function send(state) {
  const text = state.area.value.trim();
  const note = isNoting(state);
  const files = note ? [] : readyFiles(state);
  if (!(text || files.length) || (state.data.shut && !note)) return;
  const about = {
    conversation: state.data.conversation,
    note,
    replyTo: note ? null : state.replying?.providerId,
    at: new Date().toISOString(),
  };
  const items = files.map((file, index) => ({
    ...about,
    token: uuid(),
    text: index ? '' : text,
    file: { id: file.id, name: file.name, mime: file.mime },
  }));
  if (!items.length) items.push({ ...about, token: uuid(), text });
  state.files = state.files.filter((one) => !files.includes(one));
  state.replying = null;
  state.area.value = '';
  typed(state);
  state.reason = null;
  keepDraft(state);
  post(state, items);
}

export function post(state, items) {
  keepOutbox(state, [...outbox(state), ...items]);
  drawLines(state, true);
  drawComposer(state);
  flush(state);
}
