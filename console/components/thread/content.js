// Structured message contents: cards, orders, choices, forms and offered options.
import { el, icon } from '../dom.js';
import { clockOf } from '../format.js';
import { templateParts } from './templates.js';

const PERSON = ['M8 2.2a2.7 2.7 0 1 1 0 5.4 2.7 2.7 0 0 1 0-5.4z', 'M2.8 14c.4-3 2.5-4.6 5.2-4.6s4.8 1.6 5.2 4.6'];
const CALL = ['M3 2.5h3l1.4 3.4-1.8 1.3a8.5 8.5 0 0 0 3.2 3.2l1.3-1.8 3.4 1.4v3c-6 .9-11.4-4.5-10.5-10.5z'];

export function makeContents(line, data) {
  const { words } = data;
  const parts = [];
  if (line.order) parts.push(makeOrder(line.order, data));
  for (const card of line.cards || []) parts.push(makeCard(card));
  if (line.choice) parts.push(makeChoice(line.choice, words));
  if (line.answers) parts.push(...makeAnswers(line.answers));
  if (line.calls) parts.push(withIcon(CALL, 'card', [el('span', '', words['calls_' + line.calls])]));
  if (line.call) parts.push(makeCall(line.call, words));
  if (line.offer) parts.push(...makeOffer(line.offer));
  return parts;
}

// What stands above and below the text of a mail: who wrote and who else gets it, and what it quotes.
export function makeMail(mail, words) {
  const above = [
    mail.from ? el('div', 'aside', `${words.mail_from} ${mail.from}`) : null,
    mail.cc ? el('div', 'aside', `${words.mail_cc} ${mail.cc}`) : null,
  ];
  const below = [mail.cut ? el('div', 'aside', words.mail_cut) : null];
  if (mail.quoted) {
    const earlier = el('details', 'earlier');
    earlier.append(el('summary', '', words.mail_quoted), el('div', 'text', mail.quoted));
    below.push(earlier);
  }
  return [above, below].map((parts) => parts.filter((part) => part !== null));
}

// Contents that include the message's text, which is then not shown again.
export const saysItself = (line) => Boolean(line.cards || line.choice || line.offer || line.answers || line.calls);

function withIcon(paths, className, parts) {
  const box = el('div', className);
  const inside = el('div');
  inside.append(...parts);
  box.append(icon(paths), inside);
  return box;
}

function linkTo(href, text) {
  const link = el('a', 'link', text);
  Object.assign(link, { href, target: '_blank', rel: 'noopener noreferrer nofollow' });
  return link;
}

export function makeReferral({ headline, body, link }, words) {
  const box = el('div', 'referral');
  box.append(el('small', '', words.referral));
  if (headline) box.append(el('b', '', headline));
  if (body) box.append(el('span', '', body));
  if (link) box.append(linkTo(link, link));
  return box;
}

function makeOrder({ lines, total, currency }, { words, language }) {
  const money = (amount, unit) =>
    Number(amount).toLocaleString(language, { style: 'currency', currency: unit, currencyDisplay: 'narrowSymbol' });
  const table = el('table', 'order');
  for (const one of lines) {
    const row = table.insertRow();
    const name = el('td', '', one.name);
    if (one.price) name.append(el('small', '', money(one.price, one.currency)));
    row.append(
      el('td', 'count', `${Number(one.quantity).toLocaleString(language)} ×`),
      name,
      el('td', 'amount', one.amount ? money(one.amount, one.currency) : ''),
    );
  }
  if (total) {
    const row = table.createTFoot().insertRow();
    row.append(el('td'), el('td', '', words.total), el('td', 'amount', money(total, currency)));
  }
  table.ariaLabel = words.type_order;
  return table;
}

function makeCard({ name, org, phones = [], emails = [], links = [], birthday }) {
  const lines = [el('b', '', name || '—')];
  if (org) lines.push(el('span', '', org));
  for (const phone of phones) lines.push(linkTo('tel:' + phone.replace(/[^\d+]/g, ''), phone));
  for (const email of emails) lines.push(linkTo('mailto:' + encodeURIComponent(email).replaceAll('%40', '@'), email));
  for (const link of links) lines.push(linkTo(link, link));
  if (birthday) lines.push(el('small', '', birthday));
  return withIcon(PERSON, 'card', lines);
}

function makeChoice({ title, about }, words) {
  const box = el('div', 'choice');
  box.append(el('small', '', words.chose), el('b', '', title));
  if (about) box.append(el('span', '', about));
  return box;
}

function makeCall({ how, seconds }, words) {
  const parts = [el('b', '', words['call_' + how])];
  if (seconds) parts.push(el('span', '', clockOf(seconds)));
  return withIcon(CALL, 'card call ' + how, parts);
}

function makeAnswers(answers) {
  if (!answers.length) return [];
  const list = el('dl', 'answers');
  for (const [question, answer] of answers)
    list.append(el('dt', '', question.replaceAll('_', ' ')), el('dd', '', answer || '—'));
  return [list];
}

function makeOffer({ header, body, footer, buttons, cards, list, sections }) {
  const parts = templateParts({ header, body, footer, buttons, cards });
  if (!sections.length) return parts;
  const menu = el('details', 'menu');
  menu.append(el('summary', 'press', list));
  for (const { title, rows } of sections) {
    if (title) menu.append(el('b', '', title));
    for (const [name, about] of rows) {
      const row = el('div', '', name);
      if (about) row.append(el('small', '', about));
      menu.append(row);
    }
  }
  return [...parts, menu];
}
