// One message: author, content and delivery status.
import { loadMore, loadTemplates, run } from '../desk.js';
import { openWhy } from '../dialogs/why.js';
import { el, icon } from '../dom.js';
import { CLOCK, DATE, DAY, DAY_NAME, fill, formatTime } from '../format.js';
import { drawComposer } from './composer.js';
import { makeContents, makeMail, makeReferral, saysItself } from './content.js';
import { drawLines } from './lines.js';
import { makeFile, makeLinked } from './media.js';
import { drawTemplates, templateParts } from './templates.js';

export const TICK = {
  queued: ['M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11z', 'M8 5v3l2 1.5'],
  sent: ['m3 8.5 3.2 3.2L13 5'],
  delivered: ['m1 8.5 3.2 3.2L11 5', 'm7.5 11 .8.7L15 5'],
  cancelled: ['M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11z', 'm4.1 4.1 7.8 7.8'],
  failed: ['M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13z', 'M8 4.6v4', 'M8 11v.4'],
};
Object.assign(TICK, {
  sending: TICK.queued,
  read: TICK.delivered,
  played: TICK.delivered,
  uncertain: TICK.failed,
});
export const PIN = [
  'M8 14.5S3 9.6 3 6.4a5 5 0 0 1 10 0c0 3.2-5 8.1-5 8.1z',
  'M8 4.8a1.6 1.6 0 1 1 0 3.2 1.6 1.6 0 0 1 0-3.2z',
];
export const PAPER = ['M4 1.5h5L12.5 5v9.5H4z', 'M9 1.5V5h3.5'];
export const CLIP = [
  'm13.5 7.5-5.6 5.6a3.3 3.3 0 0 1-4.7-4.7l6-6a2.2 2.2 0 0 1 3.1 3.1l-6 6a1.1 1.1 0 0 1-1.5-1.6l5.3-5.3',
];
export const SHEET = ['M2.5 2.5h11v11h-11z', 'M5 6h6', 'M5 8.5h6', 'M5 11h3.5'];
export const dayOf = (iso, data) => formatTime(iso, 'en-CA', data.timezone, DAY);
export const dayName = (iso, data) => formatTime(iso, data.language, data.timezone, DAY_NAME);
const clock = (iso, data) => formatTime(iso, data.language, data.timezone, CLOCK);

function makeEvent(line, data) {
  const until = line.until
    ? ` (${fill(data.words.until, { when: `${formatTime(line.until, data.language, data.timezone, DATE)}, ${formatTime(line.until, data.language, data.timezone, CLOCK)}` })})`
    : '';
  const event = el('div', 'event', `${line.text}${until} · ${clock(line.at, data)}`);
  for (const words of line.about || []) event.append(el('div', 'about', words));
  return event;
}

export function makeLine(line, joined, data, state) {
  const { words } = data;
  if (line.type === 'event' || line.sender === 'system') return makeEvent(line, data);
  const row = el('div', `m ${line.sender} ${line.status}${joined ? ' joined' : ''}`);
  row.dataset.message = line.id;
  const bubble = el('div', 'bubble');
  if (line.sender !== 'customer') bubble.append(el('div', 'who', line.author));
  const [above, below] = line.mail ? makeMail(line.mail, words) : [[], []];
  bubble.append(...above);
  if (line.forwarded) bubble.append(el('div', 'aside', words.forwarded));
  if (line.group) bubble.append(el('div', 'aside', words.in_group));
  if (line.product) bubble.append(el('div', 'aside', `${words.product} ${line.product}`));
  if (line.quoted) bubble.append(makeQuote(line, data, state));
  if (line.referral) bubble.append(makeReferral(line.referral, words));
  for (const file of line.files || []) bubble.append(makeFile(file, line, state));
  for (const one of line.links || []) bubble.append(makeLinked(one, words));
  if (line.place) bubble.append(makePlace(line, words));
  else if (line.template) bubble.append(...templateParts(line.template));
  else if (line.text && !saysItself(line)) bubble.append(spoken(line.text));
  const contents = makeContents(line, data);
  bubble.append(...contents, ...below);
  if (!line.text && !line.revoked && !line.files && !line.place && !line.template && !line.referral && !contents.length)
    bubble.append(
      el('span', 'aside', (words['type_' + line.type] || words.type_unknown) + (line.kind ? ` (${line.kind})` : '')),
    );
  if (line.revoked) bubble.append(el('div', 'aside', words.revoked));
  bubble.append(...makeFoot(line, data));
  if (line.reactions) bubble.append(el('span', 'reactions', line.reactions.join(' ')));
  const tools = [];
  if (line.provider && !data.shut) tools.push(answerButton(line, data, state));
  if (line.sender === 'bot') tools.push(toolButton('?', words.why, () => openWhy(data, { message: line.id })));
  row.append(withTools(bubble, tools));
  if (line.trouble) row.append(makeTrouble(line, data, state));
  return row;
}

// A bubble with its actions.
function withTools(bubble, tools) {
  const pair = el('div', 'pair');
  const bar = el('span', 'tools');
  bar.append(...tools);
  pair.append(bubble, bar);
  return pair;
}

function makeQuote(line, data, state) {
  const quote = el('button', 'quote', line.quoted);
  Object.assign(quote, { type: 'button', title: data.words.show_quoted, onclick: () => seek(state, line.quotes) });
  return quote;
}

// Scroll to the quoted message; earlier pages are loaded until it is found.
const MOST_PAGES = 20;
export function seek(state, provider, pages = MOST_PAGES) {
  state.seeking = null;
  const { data } = state;
  const line = data.lines.find((one) => one.provider === provider);
  if (line) {
    const node = state.nodes.get(line.token || line.id);
    node.scrollIntoView({ block: 'center' });
    node.classList.add('found');
    node.onanimationend = () => node.classList.remove('found');
  } else if (data.more && pages) {
    state.seeking = { provider, pages: pages - 1, first: state.first };
    loadMore();
  }
}

export function toolButton(sign, label, act) {
  const button = el('button', '', sign);
  button.type = 'button';
  button.ariaLabel = button.title = label;
  button.onclick = act;
  return button;
}

const answerButton = (line, { words }, state) =>
  toolButton('↩', words.reply_to_this, () => {
    state.replying = {
      providerId: line.provider,
      author: line.sender === 'customer' ? state.data.name : line.author,
      text: line.text || words['type_' + line.type] || '',
    };
    drawComposer(state);
    state.area.focus();
  });

function makeFoot(line, data) {
  const foot = el('span', 'foot');
  const before = el('div', 'before', line.before);
  before.hidden = true;
  if (line.before) {
    const was = el('button', 'was', data.words.edited);
    Object.assign(was, { type: 'button', title: line.before, ariaExpanded: 'false' });
    was.onclick = () => {
      before.hidden = !before.hidden;
      was.ariaExpanded = String(!before.hidden);
    };
    foot.append(was, ' · ');
  } else if (line.edited) foot.append(data.words.edited + ' · ');
  foot.append(clock(line.at, data));
  if (line.type !== 'note' && line.type !== 'call' && line.sender !== 'customer') {
    const tick = icon(TICK[line.status] || TICK.queued, 'tick ' + line.status);
    tick.setAttribute('role', 'img');
    tick.setAttribute('aria-label', data.words['status_' + line.status] || line.status);
    foot.append(tick);
    foot.title = data.words['status_' + line.status] || '';
  }
  return line.before ? [before, foot] : [foot];
}

function makeTrouble(line, { words }, state) {
  const box = el('div', 'trouble');
  box.append(el('b', '', line.trouble.what), el('span', '', line.trouble.advice));
  if (line.trouble.provider) box.append(el('small', '', line.trouble.provider));
  const windowOver = line.trouble.cause === 'needs_template'; // sending the same again would fail again
  const choices =
    {
      failed: windowOver ? [['template', words.templates]] : [['retry', words.retry]],
      uncertain: [
        ['arrived', words.arrived],
        ['retry', words.send_again],
      ],
    }[line.status] || [];
  if (choices.length)
    box.append(
      makeChoices(choices, (what) => {
        if (what !== 'template') return run(what, { conversation: state.data.conversation, message: line.id });
        state.browsing = state.data.conversation;
        if (!state.data.templates) loadTemplates();
        drawLines(state, false);
        drawTemplates(state);
      }),
    );
  return box;
}

// A group of buttons of which one can be pressed, once.
function makeChoices(choices, choose) {
  const bar = el('span', 'choices');
  for (const [what, label] of choices) {
    const button = el('button', what === 'send' ? 'send' : '', label);
    button.type = 'button';
    button.onclick = () => {
      bar.remove();
      choose(what);
    };
    bar.append(button);
  }
  return bar;
}

// A bot draft to send, edit or discard.
export function makeSuggestion(suggestion, { words }, state) {
  const row = el('div', 'm bot suggestion');
  const bubble = el('div', 'bubble');
  bubble.append(el('div', 'who', words.suggests), spoken(suggestion.text));
  if (suggestion.overtaken) bubble.append(el('div', 'aside', words.overtaken));
  const choices = [
    ['send', words.suggest_send],
    ['edit', words.suggest_edit],
    ['discard', words.suggest_discard],
  ];
  bubble.append(
    makeChoices(choices, (what) => {
      if (what === 'edit') {
        state.noting = null;
        state.area.value = suggestion.text;
        drawComposer(state);
        state.area.focus();
      }
      run('draft_' + what, { conversation: state.data.conversation, run: suggestion.run });
    }),
  );
  row.append(withTools(bubble, [toolButton('?', words.why, () => openWhy(state.data, { run: suggestion.run }))]));
  return row;
}

// Render text with WhatsApp formatting and links as DOM nodes: customer text never becomes HTML.
const MARKS = { '*': 'b', _: 'i', '~': 's', '`': 'code' };
export function spoken(text) {
  const box = el('span', 'text');
  for (const part of text.split(/(https?:\/\/[^\s<>"]+)/)) {
    if (/^https?:\/\//.test(part)) {
      const [, href, rest] = /^(.*?)([.,;:!?)\]]*)$/.exec(part);
      const link = el('a', 'link', href);
      Object.assign(link, { href, target: '_blank', rel: 'noopener noreferrer nofollow' });
      box.append(link, rest);
    } else box.append(...marked(part));
  }
  return box;
}

function marked(text) {
  const found = /(^|[\s(])([*_~`])(?=\S)(.+?)(?<=\S)\2(?=$|[\s).,;:!?])/.exec(text);
  if (!found) return text ? [text] : [];
  const [whole, before, mark, inner] = found;
  const node = el(MARKS[mark]);
  node.append(...(mark === '`' ? [inner] : marked(inner)));
  return [text.slice(0, found.index) + before, node, ...marked(text.slice(found.index + whole.length))];
}

function makePlace(line, words) {
  const link = el('a', 'place');
  const { latitude, longitude } = line.place;
  link.href = `https://www.openstreetmap.org/?mlat=${Number(latitude)}&mlon=${Number(longitude)}#map=16/${Number(latitude)}/${Number(longitude)}`;
  Object.assign(link, { target: '_blank', rel: 'noopener noreferrer' });
  const label = el('span', '', line.text || `${latitude}, ${longitude}`);
  label.append(el('small', '', words.open_map));
  link.append(icon(PIN), label);
  return link;
}
