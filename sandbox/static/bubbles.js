// One message as a bubble.
import { fileUrl } from './api.js';
import { el, icon } from './dom.js';
import { language, t } from './i18n.js';

const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' });
export const timeOf = (seconds) => clock.format(new Date(seconds * 1000));

// WhatsApp's own marks and plain links, as elements.
export function rich(text, whatsapp) {
  const nodes = [];
  const pattern = whatsapp
    ? /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)])|\*(\S(?:[^*\n]*\S)?)\*|(?<!\w)_(\S(?:[^_\n]*\S)?)_(?!\w)|~(\S(?:[^~\n]*\S)?)~|`([^`\n]+)`/g
    : /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)])/g;
  let at = 0;
  for (const found of text.matchAll(pattern)) {
    if (found.index > at) nodes.push(text.slice(at, found.index));
    const [whole, link, bold, italic, struck, code] = found;
    if (link) nodes.push(el('a', { href: link, target: '_blank', rel: 'noopener noreferrer' }, link));
    else if (bold) nodes.push(el('b', {}, bold));
    else if (italic) nodes.push(el('i', {}, italic));
    else if (struck) nodes.push(el('s', {}, struck));
    else nodes.push(el('code', {}, code));
    at = found.index + whole.length;
  }
  if (at < text.length) nodes.push(text.slice(at));
  return nodes;
}

function source(part) {
  if (part.id) return fileUrl(part.id);
  return /^https?:\/\//.test(part.link ?? '') ? part.link : '';
}

// Twilio tells no kind: the file's own type does.
function familyOf(part) {
  const family = (part.mime_type ?? 'image/').split('/')[0];
  return ['image', 'video', 'audio'].includes(family) ? family : 'document';
}

const paragraph = (text, entry) => el('p', { class: 'said' }, ...rich(text, entry.channel !== 'sms'));

function image(part, className) {
  const picture = el('img', { class: className, src: source(part), alt: part.caption || t('photo'), loading: 'lazy' });
  return el('a', { href: source(part), target: '_blank', rel: 'noopener noreferrer', class: 'picture' }, picture);
}

function mediaOf(kind, part, entry) {
  const nodes = [];
  if (kind === 'image') nodes.push(image(part, 'photo'));
  else if (kind === 'sticker') nodes.push(image(part, 'sticker'));
  else if (kind === 'video') nodes.push(el('video', { src: source(part), controls: true, class: 'photo' }));
  else if (kind === 'audio')
    nodes.push(
      el(
        'div',
        { class: 'voice' },
        icon('mic'),
        el('audio', { src: source(part), controls: true, preload: 'metadata' }),
      ),
    );
  else {
    const name = part.filename || t('document');
    nodes.push(
      el(
        'a',
        { class: 'file', href: source(part), target: '_blank', rel: 'noopener noreferrer' },
        icon('doc'),
        el('span', {}, name),
      ),
    );
  }
  const caption = part.caption || (kind !== 'document' ? '' : entry.text);
  if (caption) nodes.push(paragraph(caption, entry));
  return nodes;
}

function place(part) {
  const title = part.name || t('sharedLocation');
  const numbers = `${Number(part.latitude).toFixed(5)}, ${Number(part.longitude).toFixed(5)}`;
  return el(
    'div',
    { class: 'place' },
    el('div', { class: 'map' }, icon('pin')),
    el('strong', {}, title),
    el('small', {}, part.address || numbers),
  );
}

// A template's header: its words with their variable filled in, or what came with the message.
function headerNodes(entry, header) {
  const given = (entry.content.template?.components ?? []).find((part) => part.type === 'header')?.parameters?.[0];
  const value = given?.[given.type];
  if (header?.text) {
    const filled = value?.fallback_value ?? value;
    const words = filled ? header.text.replace(/\{\{\s*\w+\s*\}\}/, () => filled) : header.text;
    return [el('strong', { class: 'head' }, words)];
  }
  if (!value) return [];
  return given.type === 'location' ? [place(value)] : mediaOf(given.type, value, { text: '' });
}

function templateNodes(entry) {
  const parts = Object.fromEntries((entry.content.components ?? []).map((part) => [part.type, part]));
  const nodes = [...headerNodes(entry, parts.HEADER), paragraph(entry.text, entry)];
  if (parts.FOOTER?.text) nodes.push(el('small', { class: 'footer' }, parts.FOOTER.text));
  return { nodes, buttons: parts.BUTTONS?.buttons ?? [] };
}

function bodyOf(entry) {
  const [kind, part] = Object.entries(entry.content)[0] ?? ['text', {}];
  if (['image', 'video', 'audio', 'document', 'sticker'].includes(kind)) return mediaOf(kind, part, entry);
  if (entry.content.media)
    return [
      ...entry.content.media.flatMap((item) => mediaOf(familyOf(item), item, { text: '' })),
      ...(entry.text ? [paragraph(entry.text, entry)] : []),
    ];
  if (kind === 'location') return [place(part)];
  if (kind === 'contacts') {
    return part.map((person) =>
      el(
        'div',
        { class: 'card' },
        icon('person'),
        el(
          'span',
          {},
          el('strong', {}, person.name?.formatted_name ?? ''),
          el('small', {}, person.phones?.[0]?.phone ?? ''),
        ),
      ),
    );
  }
  if (kind === 'interactive' && !entry.incoming) {
    const nodes = [];
    if (part.header?.text) nodes.push(el('strong', { class: 'head' }, part.header.text));
    if (part.header?.image) nodes.push(image(part.header.image, 'photo'));
    if (part.body?.text) nodes.push(paragraph(part.body.text, entry));
    if (part.footer?.text) nodes.push(el('small', { class: 'footer' }, part.footer.text));
    return nodes;
  }
  if (kind === 'template') return templateNodes(entry).nodes;
  if (kind === 'order')
    return [
      el(
        'div',
        { class: 'card' },
        icon('list'),
        el('span', {}, el('strong', {}, `${part.product_items.length} ×`), el('small', {}, part.text || '')),
      ),
    ];
  if (entry.text) return [paragraph(entry.text, entry)];
  return [el('p', { class: 'said note' }, t('unsupported', { type: entry.type }))];
}

// What the customer can press: [label, icon, what happens].
function choices(entry, actions) {
  const interactive = entry.content.interactive;
  if (entry.incoming) return [];
  if (interactive?.type === 'button') {
    return interactive.action.buttons.map(({ reply }) => [
      reply.title,
      'reply',
      () => actions.press(entry, 'button_reply', reply),
    ]);
  }
  if (interactive?.type === 'list') return [[interactive.action.button, 'list', () => actions.openList(entry)]];
  if (interactive?.type === 'cta_url') {
    const { display_text: label, url } = interactive.action.parameters;
    return [[label, 'link', () => window.open(url, '_blank', 'noopener')]];
  }
  if (interactive?.type === 'location_request_message') return [[t('location'), 'pin', () => actions.sendLocation()]];
  if (entry.content.template) {
    return templateNodes(entry).buttons.map((button) =>
      button.type === 'QUICK_REPLY'
        ? [button.text, 'reply', () => actions.press(entry, 'button', { id: button.text, title: button.text })]
        : [button.text, 'link', () => {}],
    );
  }
  return [];
}

function ticks(entry) {
  const names = {
    read: 'ticks',
    played: 'ticks',
    delivered: 'ticks',
    received: 'ticks',
    sent: 'tick',
    accepted: 'clock',
    queued: 'clock',
  };
  const name = names[entry.status];
  if (!name) return null;
  const node = el('span', { class: `ticks ${entry.status}`, title: t(entry.status) }, icon(name));
  return node;
}

function failure(entry) {
  if (!entry.error) return null;
  return el('p', { class: 'failure' }, `${t('failed')} · ${entry.error.code} ${entry.error.title}`);
}

export function bubble(entry, { quoted, reactions, actions }) {
  const meta = el('span', { class: 'meta' }, el('time', {}, timeOf(entry.at)), ticks(entry));
  const quote = quoted
    ? el(
        'blockquote',
        {},
        el('b', {}, quoted.incoming ? t('you') : t('business')),
        el('span', {}, quoted.text || quoted.type),
      )
    : null;
  const tools = entry.incoming
    ? null
    : el(
        'span',
        { class: 'tools' },
        entry.channel === 'sms'
          ? null
          : el(
              'button',
              {
                type: 'button',
                title: t('react'),
                'aria-label': t('react'),
                on: { click: (event) => actions.pick(entry, event.currentTarget) },
              },
              icon('smile'),
            ),
        entry.channel === 'sms'
          ? null
          : el(
              'button',
              {
                type: 'button',
                title: t('reply'),
                'aria-label': t('reply'),
                on: { click: () => actions.quote(entry) },
              },
              icon('reply'),
            ),
      );
  const box = el('div', { class: 'box' }, quote, ...bodyOf(entry), meta);
  const pressed = choices(entry, actions).map(([label, name, act]) =>
    el('button', { type: 'button', class: 'choice', on: { click: act } }, icon(name), label),
  );
  const chips = reactions.length ? el('span', { class: 'chips' }, ...reactions) : null;
  const stickerOnly = entry.content.sticker ? ' bare' : '';
  const failed = entry.error ? ' failed' : '';
  return el(
    'article',
    { class: `bubble ${entry.incoming ? 'mine' : 'theirs'}${stickerOnly}${failed}`, data: { id: entry.id } },
    el('div', { class: 'row' }, box, tools),
    ...pressed,
    chips,
    failure(entry),
  );
}
