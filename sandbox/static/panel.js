// The drawer: what goes wrong on purpose, and the last webhooks.
import { attempt, call } from './api.js';
import { $, el } from './dom.js';
import { t } from './i18n.js';
import { timeOf } from './bubbles.js';

const PROVIDERS = { whatsapp: 'Meta', twilio: 'Twilio', openai: 'model' };
const KINDS = ['timeout_after_accept', 'timeout_before_accept', 'error', '429', '500', '503', 'silence'];
const MODEL_KINDS = ['timeout_after_accept', '429', '500', '503', 'refusal', 'empty', 'malformed'];
const kindName = (kind) => t(kind === 'empty' ? 'empty_answer' : kind);

let faults = null;

async function patch(changes) {
  const changed = await attempt('PATCH', '/faults', changes);
  if (changed) showFaults(changed);
  else showFaults(faults);
}

function row(label, control) {
  return el('label', { class: 'setting' }, el('span', {}, label), control);
}

function milliseconds(value, change) {
  return el(
    'span',
    { class: 'unit' },
    el('input', {
      type: 'number',
      min: 0,
      max: 600000,
      step: 50,
      value,
      on: { change: (event) => change(Math.round(Number(event.target.value))) },
    }),
    'ms',
  );
}

function share(value, change) {
  const shown = el('output', {}, `${Math.round(value * 100)} %`);
  const slider = el('input', {
    type: 'range',
    min: 0,
    max: 100,
    step: 5,
    value: Math.round(value * 100),
    on: {
      input: (event) => {
        shown.textContent = `${event.target.value} %`;
      },
      change: (event) => change(Number(event.target.value) / 100),
    },
  });
  return el('span', { class: 'share' }, slider, shown);
}

function choice(value, options, change) {
  return el(
    'select',
    { on: { change: (event) => change(event.target.value) } },
    ...options.map(([key, label]) => el('option', { value: key, selected: key === value }, label)),
  );
}

function providerCard([name, label]) {
  const knobs = faults[name];
  const kinds = name === 'openai' ? MODEL_KINDS : KINDS;
  const kind = choice(
    kinds[0],
    kinds.map((key) => [key, kindName(key)]),
    () => {
      code.hidden = kind.value !== 'error';
    },
  );
  const code = el('input', {
    type: 'number',
    placeholder: t('code'),
    'aria-label': t('code'),
    hidden: true,
    class: 'code',
  });
  const count = el('input', {
    type: 'number',
    min: 1,
    placeholder: '∞',
    title: t('times'),
    'aria-label': t('times'),
    class: 'count',
    value: 1,
  });
  const add = async (event) => {
    event.preventDefault();
    const fault = { kind: kind.value, count: count.value ? Number(count.value) : null };
    if (kind.value === 'error') fault.code = Number(code.value) || (name === 'twilio' ? 30001 : 131000);
    if (await attempt('POST', `/faults/${name}`, fault)) refreshFaults();
  };
  const active = knobs.faults.map((fault, index) =>
    el(
      'li',
      {},
      el('span', {}, kindName(fault.kind), fault.code ? ` ${fault.code}` : ''),
      el(
        'small',
        {},
        `${fault.count === null ? t('always') : `× ${fault.count}`}${fault.probability < 1 ? ` · ${Math.round(fault.probability * 100)} %` : ''}`,
      ),
      el(
        'button',
        {
          type: 'button',
          class: 'link',
          'aria-label': t('remove'),
          title: t('remove'),
          on: { click: () => patch({ [name]: { faults: knobs.faults.filter((_, other) => other !== index) } }) },
        },
        '×',
      ),
    ),
  );
  return el(
    'section',
    { class: `group${active.length ? ' hot' : ''}` },
    el('h2', {}, name === 'openai' ? t(label) : label),
    row(
      t('latency'),
      milliseconds(knobs.latency_ms, (value) => patch({ [name]: { latency_ms: value } })),
    ),
    el(
      'form',
      { class: 'add', on: { submit: add } },
      kind,
      code,
      el('span', { class: 'times' }, '×', count),
      el('button', { type: 'submit' }, t('addFault')),
    ),
    active.length ? el('ul', { class: 'active' }, ...active) : null,
  );
}

export function showFaults(state) {
  faults = state;
  const { delivery, webhooks } = state;
  const setDelivery = (key) => (value) => patch({ delivery: { [key]: value } });
  const setWebhooks = (key) => (value) => patch({ webhooks: { [key]: value } });
  $('faults').replaceChildren(
    ...Object.entries(PROVIDERS).map(providerCard),
    el(
      'section',
      { class: 'group' },
      el('h2', {}, t('delivery')),
      row(
        t('statuses'),
        choice(
          delivery.statuses,
          [
            ['all', t('all')],
            ['sent', t('sent')],
            ['none', t('none')],
          ],
          setDelivery('statuses'),
        ),
      ),
      row(
        t('window'),
        choice(
          delivery.window,
          [
            ['later', t('later')],
            ['immediate', t('immediate')],
            ['off', t('off')],
          ],
          setDelivery('window'),
        ),
      ),
      row(t('readMissing'), share(delivery.read_missing, setDelivery('read_missing'))),
      row(t('deliveredFirst'), share(delivery.delivered_first, setDelivery('delivered_first'))),
      row(t('statusBeforeAnswer'), share(delivery.status_before_answer, setDelivery('status_before_answer'))),
    ),
    el(
      'section',
      { class: 'group' },
      el('h2', {}, t('posting')),
      row(t('delay'), milliseconds(webhooks.delay_ms, setWebhooks('delay_ms'))),
      row(t('batch'), milliseconds(webhooks.coalesce_webhooks_ms, setWebhooks('coalesce_webhooks_ms'))),
      row(t('duplicate'), share(webhooks.duplicate, setWebhooks('duplicate'))),
      row(t('shuffle'), share(webhooks.shuffle, setWebhooks('shuffle'))),
    ),
    el(
      'div',
      { class: 'actions' },
      el(
        'button',
        {
          type: 'button',
          on: {
            click: async () => {
              await attempt('DELETE', '/faults');
              refreshFaults();
            },
          },
        },
        t('reset'),
      ),
      el(
        'button',
        {
          type: 'button',
          class: 'danger',
          on: {
            click: () => {
              if (confirm(t('sureClear'))) attempt('POST', '/clear', {});
            },
          },
        },
        t('clear'),
      ),
    ),
    el('p', { class: 'foot' }, t('hint')),
  );
}

export async function refreshFaults() {
  const state = await attempt('GET', '/faults');
  if (state) showFaults(state);
}

async function unfold(event, post) {
  const details = event.target;
  if (!details.open || details.querySelector('pre')) return;
  const { posts } = await call('GET', '/webhooks?body=1&limit=500');
  const body = posts.find((item) => item.id === post.id)?.body ?? '';
  let shown;
  try {
    shown = JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    shown = body.split('&').map(decodeURIComponent).join('\n');
  }
  details.append(el('pre', {}, shown));
}

function webhookRow(post) {
  const good = post.state === 'delivered';
  const mark = post.status ?? (post.state === 'waiting' ? '…' : '×');
  const state = t(post.state.replace(' ', '_'));
  const detail = [
    state,
    post.attempts > 1 ? t('attempts', { n: post.attempts }) : '',
    `${Math.round(post.took_ms)} ms`,
    timeOf(post.at),
  ]
    .filter(Boolean)
    .join(' · ');
  return el(
    'details',
    { class: 'hook', data: { post: post.id }, on: { toggle: (event) => unfold(event, post) } },
    el(
      'summary',
      {},
      el('span', { class: `mark ${good ? 'good' : post.state === 'waiting' ? '' : 'bad'}` }, String(mark)),
      el(
        'span',
        { class: 'about' },
        el('b', {}, post.about),
        el('small', {}, `${post.provider === 'whatsapp' ? 'Meta' : 'Twilio'} · ${detail}`),
        post.problem ? el('small', { class: 'problem' }, post.problem) : null,
      ),
    ),
  );
}

export async function refreshWebhooks() {
  const answer = await attempt('GET', '/webhooks?limit=100');
  if (!answer) return;
  const rows = answer.posts.map(webhookRow);
  $('webhooks').replaceChildren(...(rows.length ? rows : [el('p', { class: 'foot' }, t('noWebhooks'))]));
}

export function showWebhook(post) {
  const list = $('webhooks');
  if (list.hidden) return;
  const old = list.querySelector(`[data-post="${post.id}"]`);
  const made = webhookRow(post);
  if (old) old.replaceWith(made);
  else list.prepend(made);
  list.querySelector(':scope > p')?.remove();
  while (list.children.length > 100) list.lastElementChild.remove();
}

export function startPanel() {
  const tabs = { 'tab-faults': 'faults', 'tab-webhooks': 'webhooks' };
  for (const [tab, panel] of Object.entries(tabs)) {
    $(tab).addEventListener('click', () => {
      for (const [otherTab, otherPanel] of Object.entries(tabs)) {
        $(otherTab).setAttribute('aria-selected', String(otherTab === tab));
        $(otherPanel).hidden = otherPanel !== panel;
      }
      if (panel === 'webhooks') refreshWebhooks();
    });
  }
  const open = (yes) => {
    document.body.classList.toggle('panel-open', yes);
    $('panel-toggle').setAttribute('aria-expanded', String(yes));
  };
  $('panel-toggle').addEventListener('click', () => open(!document.body.classList.contains('panel-open')));
  $('panel-close').addEventListener('click', () => open(false));
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') open(false);
  });
  refreshFaults();
}
