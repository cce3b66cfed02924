// What is done to selected conversations: at once, or after asking for whom or with which tags.
import { post } from '../api.js';
import { drawTags, buildTags } from '../customer/tags.js';
import { desk, follows, parts, refresh } from '../desk.js';
import { el, pressable } from '../dom.js';
import { fill } from '../format.js';
import { openDialog } from './dialog.js';

const ASKING = { assign: choosePerson, tag: chooseTags };

export async function actOn(words, action, ids) {
  if (ASKING[action]) return ask(words, action, ids);
  follows(await post(0, 'bulk', { name: action, ids }));
  return refresh(desk.open);
}

function ask(words, action, ids) {
  const { body, submit } = openDialog(fill(words['bulk_' + action + '_title'], { number: ids.length }));
  const go = pressable('main', words['bulk_' + action + '_do'], null);
  const value = ASKING[action](body, parts.choices(), go, words);
  go.onclick = () => submit(go, 0, 'bulk', { name: action, ids, value: value() });
  body.append(go);
}

function choosePerson(body, { words, colleagues }) {
  const label = el('label', 'field');
  const select = el('select');
  select.append(...[['', words.nobody], ...colleagues].map(([id, name]) => new Option(name, id)));
  label.append(el('span', '', words.assignee), select);
  body.append(label);
  return () => (select.value ? Number(select.value) : null);
}

function chooseTags(body, choices, go, words) {
  const tagged = buildTags();
  let tags = [];
  const set = (chosen) => {
    tags = chosen;
    go.disabled = !tags.length;
    drawTags(tagged, { ...choices, tags }, set);
  };
  set([]);
  body.append(tagged.whole, el('small', '', fill(words.bulk_tag_help, { number: choices.bounds.tag })));
  return () => tags;
}
