import assert from 'node:assert/strict';
import { test } from 'node:test';

import { placed } from '../../console/components/inbox_list/rows.js';

const minute = (number) => new Date(Date.UTC(2026, 11, 1, 9, number)).toISOString();
const row = (id, at, more = {}) => ({
  id,
  at: minute(at),
  views: ['all', 'waiting'],
  waiting: null,
  unsent: null,
  ...more,
});
const list = (view, more = false) => ({ view, more });
const ids = (rows) => rows.map(({ id }) => id);

test('a changed conversation moves to its place, newest first', () => {
  const rows = [row(1, 30), row(2, 20), row(3, 10)];
  assert.deepEqual(ids(placed(rows, row(3, 40), list('all'))), [3, 1, 2]);
  assert.deepEqual(ids(placed(rows, row(4, 15), list('all'))), [1, 2, 4, 3]);
  assert.deepEqual(ids(placed(rows, row(4, 5), list('all'))), [1, 2, 3, 4]);
  assert.deepEqual(ids(rows), [1, 2, 3], 'the rows given are not changed');
});

test('of the same moment the newer conversation comes first', () => {
  assert.deepEqual(ids(placed([row(3, 10), row(1, 10)], row(2, 10), list('all'))), [3, 2, 1]);
});

test('whoever waits longest comes first, and before all whose answer was not sent', () => {
  const rows = [row(1, 1, { waiting: minute(1) }), row(2, 2, { waiting: minute(2) })];
  assert.deepEqual(ids(placed(rows, row(3, 9, { waiting: minute(0) }), list('waiting'))), [3, 1, 2]);
  assert.deepEqual(ids(placed(rows, row(3, 9, { waiting: minute(5), unsent: 'failed' }), list('waiting'))), [3, 1, 2]);
});

test('a conversation leaves a list that it no longer belongs in', () => {
  const rows = [row(1, 30, { waiting: minute(1) }), row(2, 20, { waiting: minute(2) })];
  assert.deepEqual(ids(placed(rows, row(1, 40, { views: ['all'] }), list('waiting'))), [2]);
  assert.deepEqual(ids(placed(rows, row(1, 40, { views: [] }), list('all'))), [2]);
  assert.deepEqual(ids(placed(rows, { id: 2, views: [] }, list('all'))), [1]);
});

test('what comes after the last row of a page waits for its page', () => {
  const rows = [row(1, 30), row(2, 20)];
  assert.deepEqual(ids(placed(rows, row(3, 5), list('all', true))), [1, 2]);
  assert.deepEqual(ids(placed(rows, row(3, 25), list('all', true))), [1, 3, 2]);
});
