// Templates: search, fill in with a preview, and send through the outbox.
import { loadTemplates } from '../desk.js';
import { el } from '../dom.js';
import { fill, uuid } from '../format.js';
import { isNoting } from './composer.js';
import { spoken, toolButton } from './message.js';
import { enqueue } from './outbox.js';
import { ask, componentsOf, field, shownTemplate } from './slots.js';

export function drawTemplates(state) {
  const { data, templates, template } = state;
  const noting = isNoting(state);
  template.hidden = noting || !data.whatsapp;
  template.ariaLabel = template.title = data.words.templates;
  template.onclick = () => {
    state.browsing = state.browsing === data.conversation ? null : data.conversation;
    if (state.browsing && !data.templates) loadTemplates();
    drawTemplates(state);
  };
  const open =
    !noting && data.templates && (data.shut ? data.shut.by === 'window' : state.browsing === data.conversation);
  templates.hidden = !open;
  if (!open) return templates.replaceChildren();
  const looks = JSON.stringify([
    data.conversation,
    data.language,
    state.filling?.name,
    state.filling?.language,
    data.templates,
  ]);
  if (templates.looks === looks) return; // somebody is typing in it
  templates.looks = looks;
  templates.replaceChildren(...(state.filling ? fillTemplate(state, state.filling) : listTemplates(state)));
}

function listTemplates(state) {
  const { data } = state;
  if (!data.templates.length) return [el('p', 'aside', data.words.templates_none)];
  const search = field(data.words.templates_search);
  const rows = el('div', 'rows');
  const show = () => {
    const wanted = search.value.trim().toLowerCase();
    const found = data.templates.filter((one) => `${one.name} ${one.body}`.toLowerCase().includes(wanted));
    rows.replaceChildren(
      ...found.map((one) => {
        const row = el('button', 'row');
        row.type = 'button';
        const title = el('b', '', one.name.replaceAll('_', ' '));
        title.append(
          el(
            'small',
            '',
            `${one.language} · ${(data.words['category_' + one.category] || one.category).toLowerCase()}`,
          ),
        );
        row.append(title, el('span', '', one.body));
        if (one.strange) {
          row.disabled = true;
          row.append(el('small', '', fill(data.words.template_not_here, { part: one.strange })));
        }
        row.onclick = () => {
          state.filling = one;
          drawTemplates(state);
        };
        return row;
      }),
    );
    if (!found.length) rows.append(el('p', 'aside', data.words.templates_none_found));
  };
  search.oninput = show;
  show();
  return [search, rows];
}

function fillTemplate(state, one) {
  const { words, values } = state.data;
  const asked = one.slots.map((slot) => ask(state, one, slot)).filter(Boolean);
  const first = asked.find(({ slot }) => slot.part === 'body' && slot.card === null);
  if (first) first.input.value = values['contact.first_name'] || '';
  const preview = el('div', 'bubble');
  const send = el('button', 'send', words.send);
  send.type = 'button';
  const show = () => {
    // A one-time password is used in the text and the button.
    for (const twin of asked) if (twin.twin) twin.text = first ? first.text : '';
    const shown = shownTemplate(one, asked);
    preview.replaceChildren(...templateParts(shown));
    send.disabled = !asked.every((given) => given.ready());
    send.onclick = () => sendTemplate(state, one, asked, shown);
  };
  for (const given of asked) {
    given.changed = show;
    for (const input of given.nodes.flatMap((node) => [...node.querySelectorAll('input:not([type=file])')])) {
      input.oninput = show;
      input.onkeydown = (event) => {
        if (event.key === 'Enter') {
          event.preventDefault();
          if (!send.disabled) send.click();
        }
      };
    }
  }
  const back = toolButton('←', words.templates, () => {
    state.filling = null;
    drawTemplates(state);
  });
  back.className = 'back';
  const head = el('div', 'filling');
  head.append(back, el('b', '', one.name.replaceAll('_', ' ')));
  const foot = el('div', 'filling');
  foot.append(el('span', 'hint', ''), send);
  show();
  const open = el('div', 'slots');
  open.append(...asked.flatMap((given) => given.nodes));
  return [head, open, preview, foot];
}

function sendTemplate(state, one, asked, shown) {
  const components = componentsOf(asked, null);
  const cards = one.cards.map((_, number) => ({ card_index: number, components: componentsOf(asked, number) }));
  if (cards.some((card) => card.components.length)) components.push({ type: 'carousel', cards });
  // Twilio identifies a template by its sid, and variables by name only.
  const variables = Object.fromEntries(asked.map((given) => [given.slot.name, given.text]));
  const template = one.content
    ? { content_sid: one.content, variables }
    : { name: one.name, language: one.language, components };
  state.filling = null;
  state.browsing = null;
  enqueue(state, [
    { conversation: state.data.conversation, at: new Date().toISOString(), token: uuid(), text: shown.body, template },
  ]);
}

// Render a template as the customer sees it.
export function templateParts({ header, body, footer, buttons, cards }) {
  const parts = [];
  if (header) parts.push(el('b', 'text', header));
  parts.push(spoken(body));
  if (footer) parts.push(el('small', 'text', footer));
  for (const one of buttons || []) parts.push(el('span', 'press', one));
  if (cards?.length) {
    const tiles = el('div', 'tiles');
    for (const one of cards) {
      const tile = el('div', 'tile');
      tile.append(...templateParts(one));
      tiles.append(tile);
    }
    parts.push(tiles);
  }
  return parts;
}
