// Outbox: messages stay in the tab until the server settles their token; the unique key in the database makes
// retries idempotent.
const RESEND_MS = 4000;
const boxName = (state) => `bothub.outbox.${state.data.me}`;
const outbox = (state) => JSON.parse(sessionStorage.getItem(boxName(state)) || '[]');
const keepOutbox = (state, items) => sessionStorage.setItem(boxName(state), JSON.stringify(items));

function settle(state) {
  const {data} = state;
  const done = new Set([...data.settled, ...Object.keys(data.refused), ...data.lines.map((line) => line.token)]);
  const items = outbox(state);
  const refused = items.filter((item) => item.token in data.refused);
  for (const item of refused) {  // put the text back into the composer, with the reason
    const kept = draftOf(state, item.conversation);
    const draft = item.conversation === state.conversation ? state.area.value : kept.text;
    const text = [draft, item.template ? '' : item.text].filter(Boolean).join('\n');
    setDraft(state, item.conversation, {text, note: Boolean(item.note) || kept.note});
    if (item.conversation === state.conversation) takeDraft(state);
    state.reason = {conversation: item.conversation, text: data.refused[item.token]};
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
  state.setStateValue('outbox', {count: (state.count += 1), at: Date.now(), items});
  clearTimeout(state.timer);
  state.timer = setTimeout(() => flush(state), RESEND_MS);
}

// Browsers offer randomUUID only over TLS or on localhost.
function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function send(state) {
  const text = state.area.value.trim();
  const note = isNoting(state);
  const files = note ? [] : readyFiles(state);
  if (!(text || files.length) || (state.data.shut && !note)) return;
  const about = {conversation: state.data.conversation, note, replyTo: note ? null : state.replying?.providerId, at: new Date().toISOString()};
  const items = files.map((file, index) => ({...about, token: uuid(), text: index ? '' : text, file: {id: file.id, name: file.name, mime: file.mime}}));
  if (!items.length) items.push({...about, token: uuid(), text});
  state.files = state.files.filter((one) => !files.includes(one));
  state.replying = null;
  state.area.value = '';
  typed(state);
  state.reason = null;
  keepDraft(state);
  post(state, items);
}

function post(state, items) {
  keepOutbox(state, [...outbox(state), ...items]);
  drawLines(state, true);
  drawComposer(state);
  flush(state);
}
