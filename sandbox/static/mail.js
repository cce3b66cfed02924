// The mail program: write to the business as anybody, and read both sides.
import { attempt, listen } from './api.js';
import { $, el, toast } from './dom.js';
import { language, t, translatePage } from './i18n.js';

const LARGEST = 16 * 1024 * 1024;
/** @type {{id: string, references: string} | null} */
let answered = null;

function shown(mail) {
  const time = new Date(mail.at * 1000).toLocaleString(language, { dateStyle: 'short', timeStyle: 'short' });
  const people = [mail.from, '→', mail.to, mail.cc ? `· Cc ${mail.cc}` : ''].join(' ');
  return el(
    'li',
    { class: mail.side },
    el('small', {}, `${people} · ${time}`),
    el('b', {}, mail.subject || '—'),
    el('p', {}, mail.text.trim()),
    mail.files.length ? el('small', {}, `📎 ${mail.files.join(', ')}`) : null,
    mail.side === 'out' ? el('button', { type: 'button', on: { click: () => answer(mail) } }, t('reply')) : null,
  );
}

async function refresh() {
  const mails = await attempt('GET', '/mails');
  if (mails) $('mails').replaceChildren(...mails.reverse().map(shown));
}

function answer(mail) {
  answered = { id: mail.id, references: mail.references };
  $('subject').value = /^re:/i.test(mail.subject) ? mail.subject : `Re: ${mail.subject}`;
  $('from').value ||= mail.to;
  $('answers').textContent = `${t('reply')}: ${mail.subject}`;
  $('answers').hidden = false;
  $('text').focus();
}

function fresh() {
  answered = null;
  $('subject').value = '';
  $('answers').hidden = true;
}

async function encoded(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const parts = [];
  for (let at = 0; at < bytes.length; at += 32768) parts.push(String.fromCharCode(...bytes.subarray(at, at + 32768)));
  return { name: file.name, type: file.type || 'application/octet-stream', content: btoa(parts.join('')) };
}

async function send(event) {
  event.preventDefault();
  const files = [...$('files').files];
  if (files.reduce((sum, file) => sum + file.size, 0) > LARGEST) return toast(t('tooBig'));
  const fields = Object.fromEntries(['name', 'from', 'cc', 'subject', 'text'].map((id) => [id, $(id).value]));
  const thread = answered ? { reply_to: answered.id, references: answered.references } : {};
  const sent = await attempt('POST', '/mails', { ...fields, ...thread, files: await Promise.all(files.map(encoded)) });
  if (!sent) return undefined;
  for (const id of ['name', 'from']) localStorage.setItem(`mail.${id}`, $(id).value);
  $('text').value = $('files').value = '';
  fresh();
  return refresh();
}

translatePage();
for (const id of ['name', 'from']) $(id).value = localStorage.getItem(`mail.${id}`) ?? '';
$('form').addEventListener('submit', send);
$('fresh').addEventListener('click', fresh);
const events = listen();
for (const kind of ['mail', 'reset']) events.addEventListener(kind, refresh);
refresh();
