// Presence of colleagues. The thread sets on the window what bridge.js sends about this browser.
const FORGET_MS = 10000;

function look(state, conversation, typedAt = 0) {
  window.bothubLooking = {conversation, typedAt};
  window.dispatchEvent(new Event('bothub:looking'));
}

function typed(state) {
  const typedAt = state.area.value.trim() ? Date.now() : 0;
  const before = window.bothubLooking?.typedAt || 0;
  window.bothubLooking = {conversation: state.conversation, typedAt};
  if (!typedAt || typedAt - before > 2000) window.dispatchEvent(new Event('bothub:looking'));
}

function listenForOthers(state) {
  state.met = new Map();
  state.meet = ({detail}) => {
    if (detail.conversation !== state.conversation) return;
    if (detail.here) state.met.set(detail.agent, {...detail, at: Date.now()});
    else state.met.delete(detail.agent);
    drawOthers(state);
  };
  window.addEventListener('bothub:present', state.meet);
}

function forgetOthers(state) {
  window.removeEventListener('bothub:present', state.meet);
  clearTimeout(state.forgetting);
  look(state, null);
}

function drawOthers(state) {
  const {met, others, data} = state;
  clearTimeout(state.forgetting);
  for (const [agent, {at}] of met) if (Date.now() - at >= FORGET_MS) met.delete(agent);
  if (met.size) state.forgetting = setTimeout(() => drawOthers(state), 1000);
  const here = [...met.values()].sort((one, other) => one.name.localeCompare(other.name));
  const texts = ['typing', 'looking'].flatMap((what) => {
    const names = here.filter((one) => one.typing === (what === 'typing')).map((one) => one.name);
    const number = names.length > 1 ? 'many' : 'one';
    const words = what === 'typing' ? data.words['typing_' + number] : data.words['looking_' + number];
    return names.length ? [fill(words, {who: new Intl.ListFormat(data.language).format(names)})] : [];
  });
  others.hidden = !texts.length;
  others.classList.toggle('typing', here.some((one) => one.typing));
  if (others.textContent !== texts.join(' · ')) others.textContent = texts.join(' · ');
}
