import assert from 'node:assert/strict';
import { test } from 'node:test';

import { post } from '../../console/components/api.js';
import { general } from '../../console/components/messages.js';

const answer = (status, body) => ({ status, ok: status < 400, json: async () => JSON.parse(body) });

/** Answer requests from a list, without waiting between them; returns the bodies that were sent. */
function serve(context, answers) {
  const sent = [];
  context.mock.method(globalThis, 'fetch', async (address, { body }) => {
    sent.push({ address, ...JSON.parse(body) });
    const next = answers[sent.length - 1];
    if (next instanceof Error) throw next;
    return next;
  });
  context.mock.method(globalThis, 'setTimeout', (done) => queueMicrotask(done));
  return sent;
}

test('a command whose answer was lost is repeated with the same key until it is answered', async (context) => {
  const sent = serve(context, [new TypeError('offline'), answer(502, '<html>'), answer(200, '{"open": 7}')]);
  assert.deepEqual(await post(3, 'assign', { value: 5 }), { ok: true, open: 7 });
  assert.deepEqual(
    sent.map(({ address, value }) => [address, value]),
    Array(3).fill(['/inbox/3/assign', 5]),
  );
  assert.equal(new Set(sent.map(({ key }) => key)).size, 1);
});

test('a refusal is an answer: it is not repeated', async (context) => {
  const sent = serve(context, [answer(409, '{"error": "It is closed."}')]);
  assert.deepEqual(await post(3, 'close', {}), { ok: false, error: 'It is closed.' });
  assert.equal(sent.length, 1);
});

test('a refusal without a reason, as of a proxy, has a general one', async (context) => {
  general.refused = 'Not accepted.';
  serve(
    context,
    ['The command is too long.', '<html>', '{}', 'null'].map((body) => answer(413, body)),
  );
  for (let number = 0; number < 4; number++)
    assert.deepEqual(await post(3, 'bulk', {}), { ok: false, error: 'Not accepted.' });
});

test("a message's token is its key", async (context) => {
  const sent = serve(context, [answer(200, '{}')]);
  await post(3, 'send', { key: 'a-token', text: 'Hi' });
  assert.equal(sent[0].key, 'a-token');
});
