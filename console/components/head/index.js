import { addressed, desk, follow, isRunning, parts, run } from '../desk.js';
import { openDialog } from '../dialogs/dialog.js';
import { el, icon, place } from '../dom.js';

const BACK = ['M10 3 5 8l5 5'];
const NEXT = ['M4 4.5v7l4-3.5z', 'M11 4.5v7'];
const PERSON = ['M8 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5', 'M3 13.5c.6-2.7 2.6-4 5-4s4.4 1.3 5 4'];
const SWITCH = ['M3 5.5h9', 'm9.5 3 2.5 2.5L9.5 8', 'M13 10.5H4', 'M6.5 8 4 10.5 6.5 13'];
const MORE = ['M8 3.5v.01', 'M8 8v.01', 'M8 12.5v.01'];
const HAND = [
  'M5.5 8V4a1 1 0 0 1 2 0v3',
  'M7.5 7V3a1 1 0 0 1 2 0v4',
  'M9.5 7V4a1 1 0 0 1 2 0v5.5c0 2.5-1.5 4-4 4-2 0-3-1-4-3l-1-2a1 1 0 0 1 1.7-1l1.3 1.5',
];
const BOT = ['M3.5 6h9v6.5h-9z', 'M8 6V3.5', 'M6 9v.01', 'M10 9v.01', 'M2 8.5v2', 'M14 8.5v2'];
const DONE = ['m3.5 8.5 3 3 6-7'];
const AGAIN = ['M4 8.5a4 4 0 1 0 1.3-3', 'M5 2.5v3.2h3.2'];
// Alt+key shortcuts of the available actions.
const KEYS = { KeyT: ['take_over'], KeyB: ['hand_back'], KeyE: ['close'], KeyN: ['next', 'first'] };
const heads = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector('.head');
  let state = heads.get(root);
  if (!state) {
    state = { root, buttons: new Map(), about: el('div', 'about') };
    heads.set(root, state);
    state.about.append(el('b'), el('span'));
    state.unfollow = follow('shown', () => draw(state));
    state.onKey = (event) => pressed(state, event);
    document.addEventListener('keydown', state.onKey, true);
  }
  state.given = data;
  draw(state);
  return () => {
    state.unfollow();
    document.removeEventListener('keydown', state.onKey, true);
    heads.delete(root);
  };
}

function draw(state) {
  const none = desk.open === null && !addressed();
  state.root.classList.toggle('nothing', none);
  if (none) return drawNothing(state);
  if (!desk.shown) return;
  const data = (state.data = { ...state.given, ...desk.shown.head });
  const { words } = data;
  const [name, about] = state.about.children;
  name.textContent = data.name;
  about.textContent = about.title = data.about;
  const closed = data.status === 'closed';
  const wanted = [
    button(state, 'back', {
      label: words.back,
      paths: BACK,
      press: () => {
        document.documentElement.dataset.desk = 'list';
      },
    }),
    state.about,
    button(state, 'next', { label: words.next_waiting, paths: NEXT }),
    button(state, 'person', {
      label: words.customer,
      paths: PERSON,
      press: (event) => parts.showCustomer?.(event.currentTarget),
    }),
    ...(data.ways.length
      ? [
          menu(
            state,
            'switch',
            words.switch,
            SWITCH,
            data.ways.map((way) => [
              way.words,
              () => perform(state, 'switch', { channel: way.channel, identity: way.identity }),
            ]),
          ),
        ]
      : []),
    ...(closed
      ? [button(state, 'reopen', { words: words.reopen, paths: AGAIN })]
      : [
          data.bot
            ? button(state, 'take_over', { words: words.take_over, paths: HAND, key: 'T', main: true })
            : button(state, 'hand_back', { words: words.hand_back, paths: BOT, key: 'B' }),
          menu(state, 'more', words.more, MORE, moreOf(state)),
          button(state, 'close', { words: words.close, paths: DONE, key: 'E' }),
        ]),
  ];
  if (wanted.some((node, index) => state.root.children[index] !== node) || state.root.children.length !== wanted.length)
    state.root.replaceChildren(...wanted);
  state.root.dataset.ready = String(data.conversation);
}

// No conversation is open.
function drawNothing(state) {
  const { words, nothing } = state.given;
  const next = { words: words.next_waiting, paths: NEXT, key: 'N', press: () => run('next', { conversation: 0 }) };
  state.root.replaceChildren(
    ...(nothing ? [el('b', '', nothing[0]), el('span', '', nothing[1]), button(state, 'first', next)] : []),
  );
}

function moreOf(state) {
  const { words, status } = state.data;
  const later = [
    ['hour', words.snooze_hour],
    ['tomorrow', words.snooze_tomorrow],
    ['week', words.snooze_week],
  ];
  return [
    [
      words.unread,
      () => {
        document.documentElement.dataset.desk = 'list';
        perform(state, 'unread');
      },
    ],
    ...(status === 'snoozed'
      ? [[words.wake, () => perform(state, 'wake')]]
      : [
          ...later.map(([value, label]) => [label, () => perform(state, 'snooze', { value })]),
          [words.snooze_own, () => chooseMoment(state)],
        ]),
  ];
}

// A custom date and time, in the business's time zone like the presets.
function chooseMoment(state) {
  const { words, conversation } = state.data;
  const { body, close } = openDialog(words.snooze_when, 'narrow');
  const form = el('form', 'body');
  const field = el('input');
  Object.assign(field, { type: 'datetime-local', required: true, ariaLabel: words.snooze_when });
  form.append(field, el('button', 'main', words.snooze_set));
  form.onsubmit = (event) => {
    event.preventDefault();
    close();
    run('snooze', { conversation, value: field.value });
    draw(state);
  };
  body.replaceWith(form);
}

function perform(state, what, more) {
  run(what, { conversation: state.data.conversation, ...more });
  draw(state);
}

/**
 * Nodes are reused by action, so that the keyboard focus stays.
 *
 * @param {any} state
 * @param {string} what
 * @param {{words?: string, label?: string, paths: string[], key?: string, main?: boolean, press?: (event: MouseEvent) => void}} looks
 */
function button(state, what, { words = '', label = words, paths, key, main, press }) {
  let node = state.buttons.get(what);
  if (!node) {
    node = el('button', `${words ? 'worded' : 'bare'} ${what}${main ? ' main' : ''}`);
    node.type = 'button';
    node.append(icon(paths));
    if (words) node.append(el('span'));
    if (key) node.append(el('kbd', '', `Alt ${key}`));
    state.buttons.set(what, node);
  }
  if (words) node.children[1].textContent = words;
  node.ariaLabel = label;
  node.title = key ? `${label} (Alt+${key})` : label;
  node.disabled = !press && isRunning(what, state.data.conversation);
  node.onclick = press ?? (() => perform(state, what));
  return node;
}

function menu(state, what, label, paths, choices) {
  const list = (state[what] ??= el('div', 'menu'));
  const node = button(state, what, { label, paths, press: () => list.togglePopover({ source: node }) });
  list.popover = 'auto';
  list.setAttribute('role', 'menu');
  node.setAttribute('aria-haspopup', 'menu');
  const looks = JSON.stringify([choices.map(([words]) => words), state.data.conversation, state.data.status]);
  if (list.looks !== looks) {
    list.looks = looks;
    list.replaceChildren(
      ...choices.map(([words, choose]) => {
        const item = el('button', '', words);
        item.type = 'button';
        item.setAttribute('role', 'menuitem');
        item.onclick = () => {
          list.hidePopover();
          choose();
        };
        return item;
      }),
    );
    list.onkeydown = (event) => step(list, event);
    list.onbeforetoggle = ({ newState }) => {
      if (newState === 'open') place(list, node);
    };
    list.ontoggle = ({ newState }) => {
      if (newState === 'open') list.firstChild.focus();
    };
  }
  const holder = (state[`${what}_holder`] ??= el('span', 'holder'));
  if (!holder.children.length) holder.append(node, list);
  return holder;
}

function step(list, event) {
  const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!move) return;
  event.preventDefault();
  const items = [...list.children];
  items.at((items.indexOf(list.getRootNode().activeElement) + move) % items.length).focus();
}

const isDialog = (node) => node.localName === 'dialog';
function pressed(state, event) {
  const all = KEYS[event.code];
  if (!all || !event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  // On macOS, Option types letters such as ñ.
  if (/Mac/.test(navigator.platform) && /^(INPUT|TEXTAREA)$/.test(event.composedPath()[0].tagName)) return;
  const node = all.map((what) => state.buttons.get(what)).find((one) => one?.isConnected);
  if (!node || node.disabled || document.querySelector('[role=dialog]') || event.composedPath().some(isDialog)) return;
  event.preventDefault();
  node.click();
}
