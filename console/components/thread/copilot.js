// Copilot: help with the composer's text. Its output goes into the composer for review; only people send.
import { post } from '../api.js';
import { run } from '../desk.js';
import { el } from '../dom.js';
import { uuid } from '../format.js';
import { grow, isNoting, pick } from './composer.js';
import { keepDraft } from './drafts.js';
import { fileButton } from './files.js';
import { toggleOf } from './inserts.js';
import { typed } from './others.js';
import { enqueue } from './outbox.js';

export const SPARK = ['M8 1.8 9.5 6 13.7 7.5 9.5 9 8 13.2 6.5 9 2.3 7.5 6.5 6z', 'M13 11.2v3.2', 'M11.4 12.8h3.2'];
const FROM_TEXT = ['improve', 'shorten', 'translate'];
const WITHOUT_MODEL = ['tags', 'replies'];
const TASKS = ['draft', ...FROM_TEXT, 'summarise', ...WITHOUT_MODEL];

export function drawCopilot(state) {
  const { spark, helps, data } = state;
  const { words } = data;
  spark.hidden = isNoting(state) || Boolean(data.shut);
  toggleOf(spark, words.help, state.choosing, () => {
    state.choosing = !state.choosing;
    drawCopilot(state);
    if (state.choosing) helps.querySelector('button:enabled')?.focus();
  });
  helps.hidden = !state.choosing || spark.hidden;
  if (helps.hidden) helps.replaceChildren();
  else drawTasks(state);
  takeHelp(state);
  drawHelped(state);
}

function drawTasks(state) {
  const { helps, data, area } = state;
  const { words, copilot } = data;
  helps.setAttribute('role', 'group');
  helps.ariaLabel = words.help;
  helps.onkeydown = (event) => {
    if (event.key !== 'Escape') return;
    state.choosing = false;
    drawCopilot(state);
    area.focus();
  };
  const empty = !area.value.trim();
  helps.replaceChildren(
    ...TASKS.map((what) => {
      const row = el('div', 'task');
      const button = textButton(words['help_' + what], () => askFor(state, what, 'customer'));
      button.disabled = (!copilot && !WITHOUT_MODEL.includes(what)) || (empty && FROM_TEXT.includes(what));
      row.append(button);
      if (what === 'translate')
        row.append(
          ...['es', 'en', 'pt'].map((language) => {
            const other = textButton(language.toUpperCase(), () => askFor(state, what, language));
            other.ariaLabel = `${words.help_translate}: ${language}`;
            other.disabled = button.disabled;
            return other;
          }),
        );
      return row;
    }),
  );
  if (!copilot) helps.append(el('p', '', words.help_no_model));
  else if (empty) helps.append(el('p', '', words.help_empty));
}

function textButton(words, act, className) {
  const button = el('button', className, words);
  button.type = 'button';
  button.onclick = act;
  return button;
}

async function askFor(state, what, language) {
  const { data, area } = state;
  state.choosing = false;
  state.helping?.asked.abort();
  const helping = {
    what,
    token: uuid(),
    conversation: data.conversation,
    typed: area.value,
    asked: new AbortController(),
  };
  state.helping = helping;
  drawCopilot(state);
  area.focus();
  const values = { key: helping.token, name: what, text: helping.typed, language };
  const answer = await post(helping.conversation, 'copilot', values, helping.asked.signal);
  if (state.helping !== helping) return;
  helping.job = answer.ok ? answer.found : { error: answer.error };
  drawCopilot(state);
}

const helpOpen = (state) => state.helping?.conversation === state.data.conversation;

function takeHelp(state) {
  const { helping, area } = state;
  if (!helpOpen(state) || !helping.job || helping.settled || isNoting(state)) return;
  helping.settled = true;
  const { text } = helping.job;
  // If the agent went on typing, their text stays and the copilot's is inserted on a click.
  if (text && helping.what !== 'summarise' && area.value === helping.typed) swapHelp(state, text);
}

// The replaced text is kept with its edits: the same button swaps the two.
function swapHelp(state, text) {
  const { helping, area } = state;
  helping.other = area.value;
  helping.put = !helping.put;
  area.value = text;
  grow(area);
  typed(state);
  keepDraft(state);
}

function drawHelped(state) {
  const { helped, helping, area } = state;
  if (helping?.put && !area.value && helpOpen(state)) state.helping = null; // it was sent
  helped.hidden = !state.helping || !helpOpen(state) || isNoting(state);
  const drawn = helped.hidden ? '' : JSON.stringify([helping.token, helping.put, helping.settled]);
  if (drawn === state.helpDrawn) return; // keep opened sources open
  state.helpDrawn = drawn;
  helped.classList.toggle('thinking', !helped.hidden && !helping.settled);
  helped.replaceChildren(...(helped.hidden ? [] : [helpHead(state), ...(helping.settled ? helpParts(state) : [])]));
}

function helpHead(state) {
  const {
    helping,
    helping: { job },
    data: { words },
    area,
  } = state;
  const head = el('div', 'head');
  const said = helping.settled
    ? job.error || (helping.put && job.text ? words.help_review : words['help_' + helping.what])
    : words.help_thinking;
  head.append(el('b', '', said));
  if (helping.other !== undefined || (helping.settled && job.text && helping.what !== 'summarise'))
    head.append(swapButton(state));
  head.append(
    fileButton('✕', words.help_close, () => {
      helping.asked.abort();
      state.helping = null;
      drawCopilot(state);
      area.focus();
    }),
  );
  return head;
}

function swapButton(state) {
  const { helping, data } = state;
  const { words } = data;
  return textButton(
    helping.put ? words.help_undo : words.help_insert,
    () => {
      swapHelp(state, helping.other ?? helping.job.text);
      drawCopilot(state);
      state.area.focus();
    },
    'swap',
  );
}

function helpParts(state) {
  const {
    helping: { job, what },
    data: { words, conversation },
  } = state;
  const parts = [];
  if (job.doubt) parts.push(el('p', 'doubt', job.doubt));
  if (what === 'summarise' && job.text) {
    const note = { conversation, note: true, text: job.text };
    const keep = () => enqueue(state, [{ ...note, token: uuid(), at: new Date().toISOString() }]);
    parts.push(el('p', 'summary', job.text), onceButton(words.help_keep, state, keep));
  }
  if (what === 'tags' && !job.tags?.length && !job.error) parts.push(el('p', '', words.help_no_tags));
  if (job.tags?.length)
    parts.push(
      rowOf(job.tags.map((tag) => onceButton('+ ' + tag, state, () => run('tag', { conversation, value: tag })))),
    );
  if (job.replies && !job.replies.length) parts.push(el('p', '', words.help_no_replies));
  for (const one of job.replies || []) {
    const row = textButton(
      '',
      () => {
        Object.assign(state.helping, { other: state.area.value, put: true });
        pick(state, one);
        typed(state);
        drawCopilot(state);
      },
      'alike',
    );
    row.append(el('b', '', '/' + one.shortcut), el('span', '', one.text));
    parts.push(row);
  }
  if (job.sources?.length) parts.push(rowOf(job.sources.map(sourceOf), 'sources'));
  return parts;
}

function rowOf(nodes, className = '') {
  const row = el('div', 'row ' + className);
  row.append(...nodes);
  return row;
}

function sourceOf(source) {
  const node = el('details');
  node.append(el('summary', '', `${source.title} · ${source.score} %`), el('p', '', source.text));
  return node;
}

function onceButton(label, { helping }, act) {
  const done = (helping.done ||= new Set());
  const button = textButton(
    label,
    () => {
      done.add(label);
      button.disabled = true;
      act();
    },
    'once',
  );
  button.disabled = done.has(label);
  return button;
}
