// Presence of colleagues. The thread sets what bridge.js sends about this browser.
import { events, looking } from '../desk.js';
import { fill } from '../format.js';

const FORGET_MS = 10000;

export function look(state, conversation, typedAt = 0) {
  Object.assign(looking, { conversation, typedAt });
  events.dispatchEvent(new Event('looking'));
}

export function typed(state) {
  const typedAt = state.area.value.trim() ? Date.now() : 0;
  const before = looking.typedAt;
  Object.assign(looking, { conversation: state.conversation, typedAt });
  if (!typedAt || typedAt - before > 2000) events.dispatchEvent(new Event('looking'));
}

export function listenForOthers(state) {
  state.met = new Map();
  state.meet = ({ detail }) => {
    if (detail.conversation !== state.conversation) return;
    if (detail.here) state.met.set(detail.agent, { ...detail, at: Date.now() });
    else state.met.delete(detail.agent);
    drawOthers(state);
  };
  events.addEventListener('present', state.meet);
}

export function forgetOthers(state) {
  events.removeEventListener('present', state.meet);
  clearTimeout(state.forgetting);
  look(state, null);
}

export function drawOthers(state) {
  const { met, others, data } = state;
  clearTimeout(state.forgetting);
  for (const [agent, { at }] of met) if (Date.now() - at >= FORGET_MS) met.delete(agent);
  if (met.size) state.forgetting = setTimeout(() => drawOthers(state), 1000);
  const here = [...met.values()].sort((one, other) => one.name.localeCompare(other.name));
  const texts = ['typing', 'looking'].flatMap((what) => {
    const names = here.filter((one) => one.typing === (what === 'typing')).map((one) => one.name);
    const number = names.length > 1 ? 'many' : 'one';
    const words = what === 'typing' ? data.words['typing_' + number] : data.words['looking_' + number];
    return names.length ? [fill(words, { who: new Intl.ListFormat(data.language).format(names) })] : [];
  });
  others.hidden = !texts.length;
  others.classList.toggle(
    'typing',
    here.some((one) => one.typing),
  );
  if (others.textContent !== texts.join(' · ')) others.textContent = texts.join(' · ');
}

// Return a warning if a colleague answered since typing began; "" for an empty box.
export function answeredMeanwhile(state) {
  const { data, area } = state;
  if (!area.value.trim()) state.beganAt = null;
  if (state.beganAt?.conversation !== data.conversation) return '';
  const other = data.lines.findLast(
    (line) => line.id > state.beganAt.line && line.sender === 'agent' && line.author !== data.values['agent.name'],
  );
  return other ? fill(data.words.answered_meanwhile, { who: other.author }) : '';
}
