// Why the bot wrote a message; managers save its question as a case.
import { post } from '../api.js';
import { el } from '../dom.js';
import { openDialog } from './dialog.js';

const DRAW = {
  lead: (text) => el('b', '', text),
  aside: (text) => el('small', '', text),
  bad: (text) => el('p', 'bad', text),
  text: (text) => el('p', 'passage', text),
  meter: (text, value) => {
    const label = el('label', 'field');
    label.append(text, Object.assign(el('progress'), { value }));
    return label;
  },
  fold: (title, blocks) => fold(title, ...blocks.map(draw)),
  rows: (rows) => {
    const list = el('dl');
    list.append(...rows.flatMap(([name, value]) => [el('dt', '', name), el('dd', '', value)]));
    return list;
  },
};
const draw = ([kind, ...shown]) => DRAW[kind](...shown);

function fold(title, ...nodes) {
  const details = el('details');
  details.append(el('summary', '', title), ...nodes);
  return details;
}

/**
 * @param {{words: Record<string, string>, conversation: number}} data
 * @param {{message?: number, run?: number}} about
 */
export async function openWhy({ words, conversation }, about) {
  const { body, signal, refuse, submit } = openDialog(words.why, 'side');
  body.ariaBusy = 'true';
  const answer = await post(conversation, 'why', about, signal);
  if (signal.aborted) return;
  body.ariaBusy = null;
  refuse(answer.error);
  if (!answer.ok) return;
  const { blocks, case: form } = answer.found;
  body.append(...blocks.map(draw));
  if (form)
    body.append(
      fold(
        form.words.as_case,
        caseForm(form, (pressed, values) => submit(pressed, conversation, 'keep_case', { ...about, ...values })),
      ),
    );
}

function caseForm({ words, all_ends: ends, longest_name: longest }, keep) {
  const form = el('form');
  const name = Object.assign(el('input'), { required: true, maxLength: longest });
  const [contains, avoids] = [el('textarea'), el('textarea')];
  const how = el('fieldset');
  how.append(
    el('legend', '', words.ends),
    ...ends.map(([value, text]) =>
      option(text, { type: 'radio', name: 'ends', value, defaultChecked: value === 'either' }),
    ),
  );
  const cites = option(words.cites, { type: 'checkbox' });
  const go = el('button', 'main', words.keep_case);
  form.append(
    field(words.name, name),
    field(words.contains, contains, words.line_each),
    field(words.avoids, avoids, words.line_each),
    how,
    cites,
    go,
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    const { value: end } = form.elements.namedItem('ends');
    keep(go, {
      name: name.value,
      expected: {
        contains: phrases(contains.value),
        avoids: phrases(avoids.value),
        hands_off: { either: null, hands_off: true, answers: false }[end],
        cites: cites.querySelector('input').checked,
      },
    });
  };
  return form;
}

const phrases = (text) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

function field(text, control, hint) {
  const label = el('label', 'field');
  label.append(el('span', '', text), control);
  if (hint) label.append(el('small', '', hint));
  return label;
}

function option(text, values) {
  const label = el('label', 'option');
  label.append(Object.assign(el('input'), values), el('span', '', text));
  return label;
}
