import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

globalThis.document = { title: 'BotHub' };
const { filtersOf, isNarrowed, isSame, possible, queryOf, searchWith } =
  await import('../../console/components/inbox_list/address.js');
const { list, placed, readMore, refresh, takeNews, want } = await import('../../console/components/inbox_list/rows.js');

const minute = (number) => new Date(Date.UTC(2026, 11, 1, 9, number)).toISOString();
const row = (id, at, more = {}) => ({
  id,
  at: minute(at),
  views: ['all', 'waiting'],
  waiting: null,
  unsent: null,
  ...more,
});
const shown = (view, more = false) => ({ view, more });
const ids = (rows) => rows.map(({ id }) => id);
test('a changed conversation moves to its place, newest first', () => {
  const rows = [row(1, 30), row(2, 20), row(3, 10)];
  assert.deepEqual(ids(placed(rows, row(3, 40), shown('all'))), [3, 1, 2]);
  assert.deepEqual(ids(placed(rows, row(4, 15), shown('all'))), [1, 2, 4, 3]);
  assert.deepEqual(ids(placed(rows, row(4, 5), shown('all'))), [1, 2, 3, 4]);
  assert.deepEqual(ids(rows), [1, 2, 3], 'the rows given are not changed');
});

test('of the same moment the newer conversation comes first', () => {
  assert.deepEqual(ids(placed([row(3, 10), row(1, 10)], row(2, 10), shown('all'))), [3, 2, 1]);
});

test('whoever waits longest comes first, and before all whose answer was not sent', () => {
  const rows = [row(1, 1, { waiting: minute(1) }), row(2, 2, { waiting: minute(2) })];
  assert.deepEqual(ids(placed(rows, row(3, 9, { waiting: minute(0) }), shown('waiting'))), [3, 1, 2]);
  assert.deepEqual(ids(placed(rows, row(3, 9, { waiting: minute(5), unsent: 'failed' }), shown('waiting'))), [3, 1, 2]);
});

test('a conversation leaves a list that it no longer belongs in', () => {
  const rows = [row(1, 30, { waiting: minute(1) }), row(2, 20, { waiting: minute(2) })];
  assert.deepEqual(ids(placed(rows, row(1, 40, { views: ['all'] }), shown('waiting'))), [2]);
  assert.deepEqual(ids(placed(rows, row(1, 40, { views: [] }), shown('all'))), [2]);
  assert.deepEqual(ids(placed(rows, { id: 2, views: [] }, shown('all'))), [1]);
});

test('what comes after the last row of a page waits for its page', () => {
  const rows = [row(1, 30), row(2, 20)];
  assert.deepEqual(ids(placed(rows, row(3, 5), shown('all', true))), [1, 2]);
  assert.deepEqual(ids(placed(rows, row(3, 25), shown('all', true))), [1, 3, 2]);
});

// ---- the address
test('an address says what is not usual', () => {
  assert.equal(searchWith('?c=7&view=mine&x=1', { ...filtersOf(''), q: 'a b', tag: 'vip' }), '?c=7&x=1&q=a+b&tag=vip');
  assert.equal(searchWith('?view=mine', filtersOf('?c=7&view=all')), '');
  const wanted = filtersOf('?view=bot&q=caf%C3%A9&closing=true');
  assert.deepEqual([wanted.view, wanted.q, wanted.closing, wanted.team], ['bot', 'café', 'true', '']);
  assert.ok(isSame(wanted, filtersOf(searchWith('?c=1', wanted))));
});

test('a view alone shows all that it has', () => {
  assert.ok(!isNarrowed(filtersOf('?view=waiting&c=3')));
  for (const name of ['q', 'status', 'channel', 'tag', 'team', 'unassigned', 'closing'])
    assert.ok(isNarrowed(filtersOf(`?${name}=true`)), name);
});

test('what cannot be chosen is left out', () => {
  const choices = { view: [['all'], ['mine']], team: [['4']], closing: [['true']] };
  const left = (search) => `${queryOf(possible(filtersOf(search), choices))}`;
  assert.equal(left('?view=mine&team=4&tag=any&closing=true'), 'view=mine&tag=any&team=4&closing=true');
  assert.equal(left('?view=none&team=5&closing=yes'), '');
});

// ---- rows from the server
let asked = [];
const turn = () => new Promise((done) => setImmediate(done));
const counts = { waiting: 1, mine: 0, bot: 2 };
const answer = (rows, more = {}) => {
  const body = { rows, more: false, counts, ...more };
  asked.shift().resolve({ status: 200, ok: true, json: async () => body });
  return turn();
};
const many = (length) => Array.from({ length }, (_, number) => row(number + 1, 900 - number));
const query = () => asked[0].address.split('?')[1];

beforeEach((context) => {
  asked = [];
  Object.assign(list, { wanted: null, shown: null, rows: [], more: false, counts: {}, failed: null, told: null });
  context.mock.method(
    globalThis,
    'fetch',
    (address, { signal }) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        asked.push({ address, resolve, reject });
      }),
  );
});

test('a view is asked for once, and its numbers stand in the title', async () => {
  want(filtersOf('?view=mine&q=ana'));
  want(filtersOf('?q=ana&view=mine'));
  assert.equal(query(), 'view=mine&q=ana&most=60');
  await answer([row(1, 5)]);
  assert.deepEqual(
    [asked.length, ids(list.rows), list.counts, globalThis.document.title],
    [0, [1], counts, '(1) BotHub'],
  );
});

test('the answer to the newest wish counts', async () => {
  want(filtersOf('?view=mine'));
  const older = asked.shift();
  want(filtersOf(''));
  await answer([row(2, 5)]);
  older.resolve({ status: 200, ok: true, json: async () => ({ rows: [row(1, 5)], more: true, counts }) });
  await turn();
  assert.deepEqual([ids(list.rows), list.more], [[2], false]);
});

test('what was told while rows were on their way is kept', async () => {
  want(filtersOf(''));
  takeNews({ rows: [row(1, 9), row(3, 7)], counts: { waiting: 5 } });
  await answer([row(2, 8), row(1, 5)]);
  assert.deepEqual([ids(list.rows), list.counts], [[1, 2, 3], { waiting: 5 }]);
});

test('what follows the last row is asked for by that row', async () => {
  want(filtersOf(''));
  await answer([row(9, 9), row(8, 8)], { more: true });
  readMore();
  assert.equal(query(), `most=60&at=${encodeURIComponent(minute(8))}&id=8`);
  takeNews({ rows: [row(7, 10)], counts });
  await answer([row(7, 7), row(6, 6)]);
  assert.deepEqual([ids(list.rows), list.more], [[7, 9, 8, 6], false]);
  want(filtersOf('?view=waiting'));
  await answer([row(5, 5, { waiting: minute(1), unsent: 'failed' })], { more: true });
  readMore();
  assert.equal(query(), `view=waiting&most=60&at=${encodeURIComponent(minute(1))}&id=5&unsent=true`);
});

test('a list is read again as long as it is, up to a limit', async () => {
  refresh();
  assert.equal(query(), 'most=60', 'nothing was wished for yet');
  await answer(Array.from({ length: 90 }, (_, number) => row(number + 1, 90 - number)));
  refresh();
  assert.equal(query(), 'most=90');
  await answer(many(900));
  refresh();
  assert.equal(query(), 'most=300');
});

test('a list grows up to the length in which it is read again', async () => {
  want(filtersOf(''));
  await answer(many(290), { more: true });
  readMore();
  assert.match(query(), /^most=10&/);
  await answer(many(300).slice(290), { more: true });
  readMore();
  assert.deepEqual([list.rows.length, list.more, asked.length], [300, true, 0]);
});

test('what follows a list is not asked for while another is on its way', async () => {
  want(filtersOf(''));
  await answer([row(9, 9)], { more: true });
  want(filtersOf('?view=mine'));
  readMore();
  assert.deepEqual([asked.length, query()], [1, 'view=mine&most=60']);
  await answer([row(5, 5)]);
  assert.deepEqual(ids(list.rows), [5]);
});

test('rows on their way are waited for, then the list is read again once', async () => {
  want(filtersOf('?q=ana'));
  refresh();
  refresh();
  assert.equal(asked.length, 1);
  await answer([row(9, 9)], { more: true });
  assert.equal(query(), 'q=ana&most=60');
  readMore(); // takes over from it
  asked.shift();
  refresh();
  await answer([row(8, 8)], { more: true });
  assert.deepEqual(ids(list.rows), [9, 8]);
  await answer([row(9, 9), row(8, 8)]);
  assert.deepEqual([ids(list.rows), asked.length], [[9, 8], 0]);
});

test('rows that are being read again when others follow are read after these', async () => {
  want(filtersOf(''));
  await answer([row(9, 9)], { more: true });
  refresh();
  readMore();
  asked.shift();
  await answer([row(8, 8)], { more: true });
  assert.equal(query(), 'most=60');
  await answer([row(9, 9), row(8, 8)]);
  assert.equal(asked.length, 0);
});

test('a change while a search is on its way asks for the list again', async () => {
  want(filtersOf(''));
  await answer([row(1, 5)]);
  want(filtersOf('?q=ana'));
  assert.ok(!takeNews({ rows: [row(2, 9)], counts }));
});

test('a list that is not there says so', async () => {
  want(filtersOf(''));
  asked.shift().resolve({ status: 404, ok: false, json: async () => Promise.reject(new SyntaxError()) });
  await turn();
  assert.equal(list.failed, '');
  refresh();
  assert.equal(asked.length, 1);
});

test('only the server knows the places of what a search finds', async () => {
  want(filtersOf('?q=ana'));
  await answer([row(1, 5)]);
  assert.ok(!takeNews({ rows: [row(2, 9)], counts }));
  assert.deepEqual(ids(list.rows), [1]);
  want(filtersOf(''));
  await answer([row(1, 5)]);
  assert.ok(takeNews({ rows: [row(2, 9)], counts }));
  assert.deepEqual(ids(list.rows), [2, 1]);
});

test('rows that do not come say so, stay if they are of this view, and are asked for again', async (context) => {
  const waits = [];
  context.mock.method(globalThis, 'setTimeout', (done) => waits.push(done));
  want(filtersOf(''));
  await answer([row(1, 5)]);
  refresh();
  asked.shift().reject(new TypeError('offline'));
  await turn();
  assert.deepEqual([list.failed, ids(list.rows)], ['', [1]]);
  want(filtersOf('?view=mine'));
  asked.shift().resolve({ status: 503, ok: false, json: async () => ({ error: 'Away.' }) });
  await turn();
  assert.deepEqual([list.failed, list.shown, list.rows], ['Away.', null, []]);
  takeNews({ rows: [row(1, 9)], counts });
  assert.deepEqual(list.rows, [], 'they are not of this view');
  waits.at(-1)();
  await turn();
  await answer([row(2, 5)]);
  assert.deepEqual([list.failed, ids(list.rows)], [null, [2]]);
});
