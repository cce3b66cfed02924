// Slots of a template: their inputs, the parameters that are sent, and the preview.
import { el } from '../dom.js';
import { refusedFile } from './files.js';
import { COORDINATES } from './inserts.js';

export function field(label) {
  const input = el('input', 'field');
  Object.assign(input, { type: 'text', placeholder: label, ariaLabel: label, maxLength: 1024 });
  return input;
}

// One slot of a template: its inputs, whether they are filled, and the resulting parameter.
// Meta takes no line breaks, tabs or more than four spaces in a value.
const oneLine = (input) => input.value.replace(/\s+/g, ' ').trim();

export function ask(state, one, slot) {
  const { words } = state.data;
  const where = [
    slot.card === null ? '' : `${words.part_card} ${slot.card + 1}`,
    slot.part === 'header' ? words.part_header : slot.part === 'button' ? `${words.part_button} «${slot.label}»` : '',
  ]
    .filter(Boolean)
    .join(' · ');
  const called = (what) => [where, what].filter(Boolean).join(' ');
  const given = { slot, nodes: [], changed: null, ready: () => true, parameter: () => null, text: '' };
  const write = (what, example, more = {}) => {
    const input = Object.assign(field(what), { placeholder: example || '' }, more);
    const label = el('label', 'slot');
    label.append(el('span', '', what), input);
    given.nodes.push(label);
    return input;
  };
  switch (slot.kind) {
    case 'text': {
      const parameter = () => ({
        type: 'text',
        text: given.text,
        ...(slot.part === 'button' || /^\d+$/.test(slot.name) ? {} : { parameter_name: slot.name }),
      });
      if (slot.part === 'button' && one.category === 'AUTHENTICATION')
        return {
          ...given,
          twin: true,
          ready() {
            return Boolean(this.text);
          },
          parameter() {
            return { type: 'text', text: this.text };
          },
        };
      const input = (given.input = write(called(`{{${slot.name}}}`), slot.example));
      Object.defineProperty(given, 'text', { get: () => oneLine(input) });
      return Object.assign(given, { ready: () => Boolean(given.text), parameter });
    }
    case 'coupon_code': {
      const input = write(called(words.part_code), slot.example, { maxLength: 20 });
      return Object.assign(given, {
        ready: () => Boolean(oneLine(input)),
        parameter: () => ({ type: 'coupon_code', coupon_code: oneLine(input) }),
      });
    }
    case 'catalog': {
      const input = write(called(words.part_thumbnail), slot.example);
      return Object.assign(given, {
        parameter: () =>
          oneLine(input) ? { type: 'action', action: { thumbnail_product_retailer_id: oneLine(input) } } : null,
      });
    }
    case 'flow':
      return Object.assign(given, { parameter: () => ({ type: 'action', action: { flow_token: 'unused' } }) });
    case 'expiration': {
      const input = write(called(words.part_expiration), '', { type: 'datetime-local' });
      const at = () => new Date(input.value).getTime();
      return Object.assign(given, {
        ready: () => at() > Date.now(),
        parameter: () => ({ type: 'limited_time_offer', limited_time_offer: { expiration_time_ms: at() } }),
      });
    }
    case 'location': {
      const [spot, name, address] = [
        write(called(words.place_coordinates), '-34.6037, -58.3816'),
        write(called(words.place_name), ''),
        write(called(words.part_address), ''),
      ];
      const found = () => {
        const [, latitude, longitude] = (COORDINATES.exec(spot.value) || []).map(Number);
        return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180
          ? { latitude, longitude, name: oneLine(name), address: oneLine(address) }
          : null;
      };
      return Object.assign(given, {
        ready: () => Boolean(found() && oneLine(name) && oneLine(address)),
        parameter: () => ({ type: 'location', location: found() }),
      });
    }
    case 'product': {
      const [product, catalogue] = [write(called(words.part_product), ''), write(called(words.part_catalogue), '')];
      return Object.assign(given, {
        ready: () => Boolean(oneLine(product) && oneLine(catalogue)),
        parameter: () => ({
          type: 'product',
          product: { product_retailer_id: oneLine(product), catalog_id: oneLine(catalogue) },
        }),
      });
    }
    case 'image':
    case 'video':
    case 'gif':
    case 'document': {
      const media = mediaField(state, { header: slot.kind });
      media.changed = () => given.changed();
      const label = el('label', 'slot');
      label.append(el('span', '', called(words['type_' + slot.kind] || slot.kind)), media.input);
      given.nodes.push(label);
      const parameter = () => ({
        type: slot.kind,
        [slot.kind]: {
          attachment_id: media.file.id,
          ...(slot.kind === 'document' ? { filename: media.file.name } : {}),
        },
      });
      return Object.assign(given, { ready: () => Boolean(media.file?.id), parameter });
    }
  }
  return null; // optional, such as a button's payload
}

// The header's file, uploaded immediately like attachments.
function mediaField(state, one) {
  const input = el('input', 'field');
  Object.assign(input, {
    type: 'file',
    accept: one.header === 'document' ? '' : one.header === 'gif' ? 'video/mp4' : `${one.header}/*`,
    ariaLabel: state.data.words['type_' + one.header],
  });
  const media = { input, file: null, changed: null };
  input.onchange = async () => {
    const [file] = input.files;
    media.file = null;
    input.setCustomValidity('');
    media.changed();
    if (!file) return;
    const answer = await fetch('/files', {
      method: 'POST',
      body: file,
      headers: {
        'Content-Type': file.type || 'application/octet-stream',
        'X-File-Name': encodeURIComponent(file.name),
        'X-Conversation': state.data.conversation,
        'X-Kind': one.header,
      },
    }).catch(() => null);
    const told = await answer?.text();
    if (input.files[0] !== file) return; // another was chosen meanwhile
    media.file = answer?.status === 201 ? { ...JSON.parse(told), name: file.name } : null;
    input.setCustomValidity(media.file ? '' : refusedFile(answer?.status, told, state.data.words));
    input.reportValidity();
    media.changed();
  };
  return media;
}

// Preview of the template with the current input.
export function shownTemplate(one, asked, card = null) {
  const valuesOf = (part) =>
    Object.fromEntries(
      asked
        .filter(({ slot }) => slot.part === part && slot.card === card && slot.kind === 'text')
        .map((given) => [given.slot.name, given.text]),
    );
  const filledIn = (text, given) => text.replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, name) => given[name] || whole);
  return {
    header: filledIn(one.headerText, valuesOf('header')),
    body: filledIn(one.body, valuesOf('body')),
    footer: one.footer,
    buttons: one.buttons,
    cards: (one.cards || []).map((inside, number) => shownTemplate(inside, asked, number)),
  };
}

const SUB_TYPES = { text: 'url', coupon_code: 'copy_code', flow: 'flow', catalog: 'CATALOG' };

export function componentsOf(asked, card) {
  const components = new Map();
  for (const given of asked.filter(({ slot }) => slot.card === card)) {
    const { part, index, kind } = given.slot;
    const parameter = given.parameter();
    if (!parameter) continue;
    const key = `${part} ${index}`;
    const button = part === 'button' ? { sub_type: SUB_TYPES[kind], index } : {};
    if (!components.has(key)) components.set(key, { type: part, ...button, parameters: [] });
    components.get(key).parameters.push(parameter);
  }
  return [...components.values()];
}
