// Message rows, reused by message: unchanged ones stay, so that reading and selecting are not disturbed
import { loadMore } from '../desk.js';
import { el, pressable } from '../dom.js';
import { dayName, dayOf, makeLine, makeSuggestion } from './message.js';
import { outbox } from './outbox.js';

export function drawLines(state, toEnd) {
  const { data, scroll } = state;
  const atEnd = toEnd || scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  const before = { height: scroll.scrollHeight, top: scroll.scrollTop, first: state.first };
  const written = outbox(state)
    .filter((item) => item.conversation === data.conversation && !data.lines.some((line) => line.token === item.token))
    .map((item) => ({
      id: item.token,
      token: item.token,
      sender: item.note ? 'note' : 'agent',
      author: data.values['agent.name'],
      type: item.note ? 'note' : 'text',
      text: item.text || item.file?.name || '',
      at: item.at,
      status: 'queued',
    }));
  const wanted = [];
  if (data.more) wanted.push(['older', 'older', () => pressable('older', state.data.words.older, loadMore)]);
  let day = '';
  let previous = null;
  for (const line of [...data.lines, ...written]) {
    const itsDay = dayOf(line.at, data);
    if (itsDay !== day) wanted.push(['day' + itsDay, data.language, () => el('div', 'day', dayName(line.at, data))]);
    const joined =
      itsDay === day && previous?.sender === line.sender && previous?.author === line.author && line.type !== 'event';
    wanted.push([
      line.token || line.id,
      JSON.stringify([line, joined, data.language]),
      () => makeLine(line, joined, data, state),
    ]);
    day = itsDay;
    previous = line.type === 'event' ? null : line;
  }
  const { suggestion } = data;
  if (suggestion && !data.shut)
    wanted.push([
      'suggestion',
      JSON.stringify([suggestion, data.language]),
      () => makeSuggestion(suggestion, data, state),
    ]);
  if (!wanted.length) wanted.push(['none', 'none', () => el('div', 'event', data.words.empty)]);
  place(state, wanted);
  const newest = data.lines.at(-1)?.id;
  state.first = data.lines[0]?.id;
  state.stuck = atEnd;
  if (atEnd) {
    scroll.scrollTop = scroll.scrollHeight;
    state.jump.hidden = true;
  } else if (before.first !== state.first) {
    scroll.scrollTop = before.top + scroll.scrollHeight - before.height; // older messages were inserted above: keep the scroll position
  } else if (newest !== state.newest) {
    state.jump.hidden = false;
  }
  state.newest = newest;
  state.jump.textContent = `↓ ${data.words.jump}`;
  state.jump.onclick = () => {
    scroll.scrollTop = scroll.scrollHeight;
    state.jump.hidden = true;
  };
  scroll.onscroll = () => {
    state.stuck = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
    if (state.stuck) state.jump.hidden = true;
  };
  scroll.ariaLabel = data.words.label;
}

function place(state, wanted) {
  const seen = new Set();
  wanted.forEach(([key, looks, make], index) => {
    seen.add(key);
    let node = state.nodes.get(key);
    if (!node || node.looks !== looks) {
      const made = make();
      made.looks = looks;
      if (node) node.replaceWith(made);
      node = made;
      state.nodes.set(key, node);
    }
    if (state.lines.children[index] !== node) state.lines.insertBefore(node, state.lines.children[index] || null);
  });
  for (const [key, node] of state.nodes)
    if (!seen.has(key)) {
      node.remove();
      state.nodes.delete(key);
    }
}
