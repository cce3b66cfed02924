import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

const page = { href: 'https://desk.example/?view=mine', pushed: [] };
globalThis.document = { documentElement: { dataset: {}, toggleAttribute() {} }, hidden: true };
globalThis.location = {
  get href() {
    return page.href;
  },
  get search() {
    return new URL(page.href).search;
  },
};
const go = (name) => (_state, _title, url) => {
  page.href = url.href;
  page.pushed.push(name);
};
globalThis.history = { state: {}, pushState: go('push'), replaceState: go('replace') };
const { addressed, arrive, desk, isRunning, load, open, run } = await import('../../console/components/desk.js');

let asked = [];
const turn = () => new Promise((done) => setImmediate(done));
const answer = (one, body) => one.resolve({ status: 200, ok: true, json: async () => body });
const shownOf = (conversation, more = {}) => ({ thread: { conversation }, head: {}, ...more });

beforeEach((context) => {
  asked = [];
  context.mock.method(
    globalThis,
    'fetch',
    (address, { signal }) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
        asked.push({ address, resolve });
      }),
  );
});

test('a control keeps what was chosen until the newest request for the conversation came', async () => {
  open(3);
  answer(asked.shift(), shownOf(3));
  await turn();
  run('priority', { conversation: 3, value: 2 });
  await turn();
  answer(asked.shift(), {});
  await turn();
  const dropped = asked.shift();
  assert.match(dropped.address, /^\/inbox\/3\?/);
  load(); // somebody writes at the same moment
  await turn();
  assert.ok(isRunning('priority', 3), 'the request that showed the result was dropped');
  answer(asked.shift(), shownOf(3, { fresh: true }));
  await turn();
  assert.ok(!isRunning('priority', 3));
  assert.ok(desk.shown.fresh);
});

test('the URL names the open conversation, and keeps the rest', async () => {
  page.pushed.length = 0;
  open(5);
  open(5);
  assert.equal(page.href, 'https://desk.example/?view=mine&c=5');
  open(null);
  assert.equal(page.href, 'https://desk.example/?view=mine');
  assert.deepEqual(page.pushed, ['push', 'push'], 'once for each change');
});

test('a conversation that is not there, or not for this agent any more, is closed', async () => {
  page.pushed.length = 0;
  open(7);
  asked.shift().resolve({ status: 404, ok: false, json: async () => Promise.reject(new SyntaxError()) });
  await turn();
  assert.equal([desk.open, desk.shown, page.href].join(), ',,https://desk.example/?view=mine');
  assert.deepEqual(page.pushed, ['push', 'replace'], 'Back does not lead to it');
});

test('on arrival the conversation of the URL is opened, else the open one stays', async () => {
  page.href = 'https://desk.example/?c=9';
  arrive();
  assert.equal(desk.open, 9);
  page.href = 'https://desk.example/';
  arrive();
  assert.equal([desk.open, page.href].join(), '9,https://desk.example/?c=9');
  for (const odd of ['', 'x', '-1', '1.5', '9'.repeat(16)]) {
    page.href = `https://desk.example/?c=${odd}`;
    assert.equal(addressed(), 0, odd);
  }
});
