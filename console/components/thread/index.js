import { arrive, desk, follow } from '../desk.js';
import { icon } from '../dom.js';
import { drawComposer } from './composer.js';
import { SPARK } from './copilot.js';
import { forgetTabs, keepDraft, listenToTabs, takeDraft } from './drafts.js';
import { listenForFiles } from './files.js';
import { FACE } from './inserts.js';
import { drawLines } from './lines.js';
import { CLIP, PIN, SHEET, seek } from './message.js';
import { drawOthers, forgetOthers, listenForOthers, look } from './others.js';
import { flush, settle } from './outbox.js';

const states = new WeakMap();

export default function (component) {
  const { data, parentElement } = component;
  const wrap = parentElement.querySelector('.wrap');
  let state = states.get(wrap);
  const arrived = !state;
  if (!state) {
    state = { wrap, conversation: null, offered: [], files: [], nodes: new Map() };
    for (const name of [
      'scroll',
      'lines',
      'jump',
      'composer',
      'note',
      'send',
      'hint',
      'modes',
      'offer',
      'chips',
      'attach',
      'picker',
      'reply',
      'templates',
      'template',
      'others',
      'emoji',
      'faces',
      'pin',
      'spot',
      'spark',
      'helps',
      'helped',
    ])
      state[name] = wrap.querySelector('.' + name);
    state.area = wrap.querySelector('textarea');
    state.attach.append(icon(CLIP));
    state.template.append(icon(SHEET));
    state.emoji.append(icon(FACE));
    state.pin.append(icon(PIN));
    state.spark.append(icon(SPARK));
    listenForFiles(state, wrap);
    listenForOthers(state);
    state.unfollow = follow('shown', () => draw(state));
    listenToTabs(state);
    // Images load later and the composer grows: a thread scrolled to the end stays there.
    state.watch = new ResizeObserver(() => {
      if (state.stuck) state.scroll.scrollTop = state.scroll.scrollHeight;
    });
    state.watch.observe(state.lines);
    state.watch.observe(state.scroll);
    states.set(wrap, state);
  }
  state.given = data;
  draw(state);
  if (arrived) arrive();
  return () => {
    clearTimeout(state.windowTimer);
    state.helping?.asked.abort();
    state.watch.disconnect();
    forgetOthers(state);
    state.unfollow();
    forgetTabs(state);
    keepDraft(state);
    states.delete(wrap);
  };
}

// Draw the open conversation, once it has come.
export function draw(state) {
  if (!desk.shown) return leave(state);
  const data = { ...state.given, ...desk.shown.thread };
  state.data = { ...data, values: { ...data.values, ...data.contact } };
  settle(state);
  const changed = switchConversation(state);
  drawLines(state, changed);
  if (state.seeking && state.seeking.first !== state.first) seek(state, state.seeking.provider, state.seeking.pages);
  drawComposer(state);
  drawOthers(state);
  flush(state); // also what was written before the page was loaded again
  state.wrap.dataset.ready = String(state.data.conversation);
}

// No conversation is open.
function leave(state) {
  if (state.conversation === null) return;
  keepDraft(state);
  state.conversation = null;
  look(state, null);
}

// ---- switching conversations within the same component
function switchConversation(state) {
  const { conversation } = state.data;
  if (state.conversation === conversation) return false;
  keepDraft(state);
  state.conversation = conversation;
  state.met.clear();
  look(state, conversation);
  Object.assign(state, {
    replying: null,
    filling: null,
    seeking: null,
    picking: false,
    placing: false,
    choosing: false,
  });
  state.nodes.clear();
  state.lines.replaceChildren();
  takeDraft(state);
  return true;
}
