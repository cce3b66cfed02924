// The line is attached to the document, so redraws do not remove it. Streamlit 1.67 exposes its state on its root element.
import { el } from './dom.js';

const LOST_AFTER_MS = 1500; // shorter interruptions are not shown
const SAID_MS = 9000;
const THEIRS = { 'Connection error': null, 'Page not found': 'no_page' }; // titles of Streamlit's dialogs, and our texts

let shared = null;

export default function ({ data, parentElement }) {
  const state = (shared ??= watch());
  state.words = data.words;
  draw(state);
  parentElement.querySelector('i').dataset.ready = 'true';
}

function watch() {
  const state = {
    words: null,
    losing: null,
    saying: null,
    lost: false,
    said: null,
    focused: null,
    back: null,
    line: el('div'),
  };
  state.line.id = 'bothub-connection';
  state.line.setAttribute('role', 'status');
  state.line.hidden = true;
  document.body.append(state.line);
  const look = () => {
    closeTheirs(state);
    giveBack(state);
    const connected = Boolean(document.querySelector('[data-test-connection-state=CONNECTED]'));
    if (connected) {
      clearTimeout(state.losing);
      state.losing = null;
      if (state.lost) {
        state.lost = false;
        draw(state);
      }
    } else {
      state.losing ??= setTimeout(() => {
        state.lost = true;
        draw(state);
      }, LOST_AFTER_MS);
    }
  };
  document.addEventListener(
    'focusin',
    (event) => {
      const [node] = event.composedPath();
      if (node instanceof Element && !node.closest('[data-testid=stDialog]')) state.focused = node;
    },
    true,
  );
  new MutationObserver(look).observe(document.body, {
    subtree: true,
    childList: true,
    attributeFilter: ['data-test-connection-state'],
  });
  look();
  return state;
}

// A hidden dialog would still trap the keyboard focus: close it, and restore the focus.
function closeTheirs(state) {
  /** @type {Iterable<HTMLElement>} */
  const dialogs = document.querySelectorAll('[data-testid=stDialog]');
  for (const dialog of dialogs) {
    const title = Object.keys(THEIRS).find((one) => dialog.textContent.trim().startsWith(one));
    /** @type {HTMLButtonElement} the only one with an aria-label, which may be translated */
    const close = dialog.querySelector('button[aria-label]');
    if (title === undefined || !close || dialog.dataset.closing) continue;
    dialog.dataset.closing = 'true';
    state.back = state.focused;
    close.click();
    if (THEIRS[title]) say(state, THEIRS[title]);
  }
}

// The dialog has the focus by the time it is observed, and may not restore it when removed.
function giveBack(state) {
  if (!state.back || document.querySelector('[data-testid=stDialog]')) return;
  const { back } = state;
  state.back = null;
  setTimeout(() => {
    if (back.isConnected) back.focus({ preventScroll: true });
  }, 50);
}

function say(state, what) {
  state.said = what;
  clearTimeout(state.saying);
  state.saying = setTimeout(() => {
    state.said = null;
    draw(state);
  }, SAID_MS);
  draw(state);
}

function draw({ line, lost, said, words }) {
  const key = lost ? 'lost' : said;
  line.hidden = !key;
  line.classList.toggle('lost', lost);
  if (key && words) line.textContent = words[key];
  if (lost) document.documentElement.dataset.lost = 'true';
  else delete document.documentElement.dataset.lost;
}
