// Unsent text is stored in the browser by agent and conversation, shared by all tabs.
const KEEP_MS = 500;
const draftName = (state, conversation) => `bothub.draft.${state.data.me}.${conversation}`;

function draftOf(state, conversation) {
  try {
    return {text: '', note: false, ...JSON.parse(localStorage.getItem(draftName(state, conversation)))};
  } catch {
    return {text: '', note: false};  // not in our format
  }
}

function setDraft(state, conversation, draft) {
  const name = draftName(state, conversation);
  if (draft.text) localStorage.setItem(name, JSON.stringify(draft));
  else localStorage.removeItem(name);
}

// Notes stay notes: text for colleagues must not return as a reply to the customer.
function takeDraft(state) {
  const {text, note} = draftOf(state, state.conversation);
  if (text) state.noting = note ? state.conversation : null;
  state.area.value = state.kept = text;
}

function keepDraft(state) {
  clearTimeout(state.keeping);
  if (window.bothubLeaving || state.conversation === null || state.area.value === state.kept) return;  // another tab may have stored newer text
  state.kept = state.area.value;
  setDraft(state, state.conversation, {text: state.kept, note: state.noting === state.conversation});
}

function keepDraftSoon(state) {
  clearTimeout(state.keeping);
  state.keeping = setTimeout(() => keepDraft(state), KEEP_MS);
}

// Another tab changed this conversation's draft: show it, unless this tab is being typed in.
function listenToTabs(state) {
  state.onStored = ({key}) => {
    if (state.conversation === null || key !== draftName(state, state.conversation)) return;
    if (state.area.value !== state.kept || state.area.getRootNode().activeElement === state.area && document.hasFocus()) return;
    takeDraft(state);
    drawComposer(state);
  };
  state.onHide = () => keepDraft(state);
  window.addEventListener('storage', state.onStored);
  window.addEventListener('pagehide', state.onHide);
}

function forgetTabs(state) {
  window.removeEventListener('storage', state.onStored);
  window.removeEventListener('pagehide', state.onHide);
}
