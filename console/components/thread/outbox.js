// Outbox: messages stay in the tab until the server has them; the unique token makes repeats harmless.
import { post } from '../api.js';
import { refresh } from '../desk.js';
import { uuid } from '../format.js';
import { drawComposer, isNoting } from './composer.js';
import { draftOf, keepDraft, setDraft, takeDraft } from './drafts.js';
import { readyFiles } from './files.js';
import { drawLines } from './lines.js';
import { typed } from './others.js';

/** @typedef {import('../types').OutboxItem} Item */

const boxName = (state) => `bothub.outbox.${state.data.me}`;
/** @type {(state: any) => Item[]} */
export const outbox = (state) => JSON.parse(sessionStorage.getItem(boxName(state)) || '[]');
const keepOutbox = (state, items) => sessionStorage.setItem(boxName(state), JSON.stringify(items));

// Messages that are in the thread, or sent in a conversation that is not shown, leave the outbox.
export function settle(state) {
  const { conversation, lines } = state.data;
  const there = new Set(lines.map((line) => line.token));
  const items = outbox(state);
  const left = items.filter((item) => !there.has(item.token) && !(item.sent && item.conversation !== conversation));
  if (left.length !== items.length) keepOutbox(state, left);
}

// Send one after another, so that they arrive in order. One tab, one sender.
let sending = false;
export async function flush(state) {
  if (sending) return;
  sending = true;
  let sent = 0;
  for (let item; (item = outbox(state).find((one) => !one.sent));) {
    const { token, conversation, text, note, file, place, template, replyTo } = item;
    const values = { key: token, text, file: file?.id, place, template, reply_to: replyTo };
    const answer = await post(conversation, note ? 'note' : 'send', values);
    sent = conversation;
    if (answer.ok)
      keepOutbox(
        state,
        outbox(state).map((one) => (one.token === token ? { ...one, sent: true } : one)),
      );
    else giveBack(state, item, answer.error);
  }
  sending = false;
  if (sent) await refresh(sent);
}

// Put the text of a refused message back into the composer, with the reason.
function giveBack(state, item, reason) {
  keepOutbox(
    state,
    outbox(state).filter(({ token }) => token !== item.token),
  );
  const kept = draftOf(state, item.conversation);
  const draft = item.conversation === state.conversation ? state.area.value : kept.text;
  const text = [draft, item.template ? '' : item.text].filter(Boolean).join('\n');
  setDraft(state, item.conversation, { text, note: Boolean(item.note) || kept.note });
  if (item.conversation === state.conversation) takeDraft(state);
  state.reason = { conversation: item.conversation, text: reason };
  drawLines(state, false);
  drawComposer(state);
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
  enqueue(state, items);
}

export function enqueue(state, items) {
  keepOutbox(state, [...outbox(state), ...items]);
  drawLines(state, true);
  drawComposer(state);
  flush(state);
}
