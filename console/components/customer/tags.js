// Tag editor: choose existing tags or type new ones.
import { el, pressable } from '../dom.js';
import { fill } from '../format.js';
import { looksNew } from './index.js';

export function buildTags() {
  const tagged = {
    whole: el('div', 'field'),
    label: el('label', 'label'),
    box: el('div', 'tags'),
    input: el('input'),
    known: el('datalist'),
  };
  Object.assign(tagged.input, { id: 'tag', autocomplete: 'off' });
  tagged.input.setAttribute('list', 'known');
  tagged.known.id = 'known';
  tagged.label.htmlFor = 'tag';
  tagged.box.append(tagged.input);
  tagged.whole.append(tagged.label, tagged.box, tagged.known);
  tagged.box.onclick = (event) => {
    if (event.target === tagged.box) tagged.input.focus();
  };
  return tagged;
}

export function drawTags(tagged, data, set) {
  const { words, bounds } = data;
  const { input } = tagged;
  const add = () => {
    const tag = input.value.trim();
    input.value = '';
    if (tag && !data.tags.includes(tag)) set([...data.tags, tag]);
  };
  tagged.label.textContent = words.tags;
  Object.assign(input, {
    placeholder: data.tags.length ? '' : words.tags_hint,
    maxLength: bounds.tag,
    disabled: data.tags.length >= bounds.tags,
  });
  input.onchange = add; // fired by a choice from the list or on blur
  input.onkeydown = (event) => {
    if (event.key === ',') event.preventDefault();
    if (event.key === 'Enter' || event.key === ',') add();
    else if (event.key === 'Backspace' && !input.value && data.tags.length) set(data.tags.slice(0, -1));
  };
  if (looksNew(tagged.known, data.known))
    tagged.known.replaceChildren(...data.known.map((tag) => Object.assign(el('option'), { value: tag })));
  if (!looksNew(tagged.box, [data.tags, data.conversation])) return;
  for (const old of tagged.box.querySelectorAll('.tag')) old.remove();
  input.before(
    ...data.tags.map((tag) => {
      const chip = el('span', 'tag', tag);
      const remove = pressable('', '✕', () => set(data.tags.filter((one) => one !== tag)));
      remove.ariaLabel = fill(words.tag_remove, { tag });
      chip.append(remove);
      return chip;
    }),
  );
}
