// Choose the contact that is the same person, from those alike or found by words, see the result, and merge.
import { pause, post } from '../api.js';
import { el, pressable } from '../dom.js';
import { fill } from '../format.js';
import { openDialog } from './dialog.js';

const TYPING_MS = 300;

export function openMerge({ words, conversation, contact }) {
  const { body, signal, refuse, submit } = openDialog(words.merge);
  const lead = el('p', 'aside');
  const search = el('input');
  const label = el('label', 'field');
  const found = el('fieldset');
  const preview = el('div', 'preview');
  Object.assign(search, { type: 'search', maxLength: 100, placeholder: words.merge_search_hint });
  label.append(el('span', '', words.merge_search), search);
  body.append(lead, label, found, preview);
  let request = null;
  const find = async (wait) => {
    request?.abort();
    const mine = (request = new AbortController());
    const stop = AbortSignal.any([signal, mine.signal]);
    await pause(wait);
    if (stop.aborted) return;
    const answer = await post(conversation, 'candidates', { contact, text: search.value }, stop);
    if (stop.aborted) return;
    refuse(answer.error);
    if (answer.ok) show(answer.found);
  };
  const show = ({ name, contacts }) => {
    lead.textContent = fill(words.merge_lead, { name });
    preview.replaceChildren();
    const [title, none] = search.value.trim()
      ? [words.merge_found, words.merge_nobody]
      : [words.merge_suggested, words.merge_suggest_none];
    found.replaceChildren(
      el('legend', '', contacts.length ? title : none),
      ...contacts.map((one) => choice(one, () => preview.replaceChildren(...result(one)))),
    );
  };
  const result = (one) => {
    const merge = pressable('main', words.merge_do, () =>
      submit(merge, conversation, 'merge', { contact, value: one.id, name: one.name }),
    );
    return [
      el('b', '', words.merge_result),
      el('span', '', one.kept),
      el('small', '', one.addresses),
      el('small', '', one.rules),
      merge,
    ];
  };
  search.oninput = () => find(TYPING_MS);
  find(0);
}

function choice(one, choose) {
  const label = el('label', 'option');
  const radio = Object.assign(el('input'), { type: 'radio', name: 'contact', onchange: choose });
  const said = el('span');
  said.append(el('b', '', one.name), el('small', '', one.about));
  label.append(radio, said);
  return label;
}
