// Unsent text is stored in the browser by agent and conversation, shared by all tabs.
import { leaving } from '../unsaved.js';
import { drawComposer } from './composer.js';

const KEEP_MS = 500;
const draftName = (state, conversation) => `bothub.draft.${state.data.me}.${conversation}`;

export function draftOf(state, conversation) {
  try {
    return { text: '', note: false, ...JSON.parse(localStorage.getItem(draftName(state, conversation))) };
  } catch {
    return { text: '', note: false }; // not in our format
  }
}

export function setDraft(state, conversation, draft) {
  const name = draftName(state, conversation);
  if (draft.text) localStorage.setItem(name, JSON.stringify(draft));
  else localStorage.removeItem(name);
}

// Notes stay notes: text for colleagues must not return as a reply to the customer.
export function takeDraft(state) {
  const { text, note } = draftOf(state, state.conversation);
  if (text) state.noting = note ? state.conversation : null;
  state.area.value = state.kept = text;
}

export function keepDraft(state) {
  clearTimeout(state.keeping);
  if (leaving.now || state.conversation === null || state.area.value === state.kept) return; // another tab may have stored newer text
  state.kept = state.area.value;
  setDraft(state, state.conversation, { text: state.kept, note: state.noting === state.conversation });
}

export function keepDraftSoon(state) {
  clearTimeout(state.keeping);
  state.keeping = setTimeout(() => keepDraft(state), KEEP_MS);
}

// Another tab changed this conversation's draft: show it, unless this tab is being typed in.
export function listenToTabs(state) {
  state.onStored = ({ key }) => {
    if (state.conversation === null || key !== draftName(state, state.conversation)) return;
    if (
      state.area.value !== state.kept ||
      (state.area.getRootNode().activeElement === state.area && document.hasFocus())
    )
      return;
    takeDraft(state);
    drawComposer(state);
  };
  state.onHide = () => keepDraft(state);
  window.addEventListener('storage', state.onStored);
  window.addEventListener('pagehide', state.onHide);
}

export function forgetTabs(state) {
  window.removeEventListener('storage', state.onStored);
  window.removeEventListener('pagehide', state.onHide);
}
