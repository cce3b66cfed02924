// The list's rows: read for a view, search and filters, and kept up by what the live socket tells.
import { get } from '../api.js';
import { tellWaiting } from '../dom.js';
import { filtersOf, isNarrowed, isSame, queryOf } from './address.js';

const PAGE = 60;
const MOST = 300; // rows of one answer, and of the list, as it is read again in one

/** @typedef {import('../types').Row} Row */
/** @typedef {import('./address.js').Filters} Filters */
/** @typedef {(one: Row, other: Row) => number} Order */

/** `wanted` are the filters chosen, `shown` those of `rows`, `more` whether others follow, `counts` the conversations of each
 * view; `failed` says that rows do not come, with the server's reason or "". `told` is what came while rows are on their way.
 *
 * @type {{wanted: Filters, shown: Filters, rows: Row[], more: boolean, counts: object, failed: string | null,
 *   told: {rows: Map<number, Row>, counts: object}}} */
export const list = { wanted: null, shown: null, rows: [], more: false, counts: {}, failed: null, told: null };
export const changes = new EventTarget();
const tell = () => changes.dispatchEvent(new Event('changed'));

/** @param {Filters} filters */
export function want(filters) {
  if (list.wanted && isSame(filters, list.wanted) && list.failed === null) return;
  list.wanted = filters;
  read(PAGE);
}

// A read on its way is not given up for a newer one, which would never let a slow one come: the newer follows it.
let again = false;
export const refresh = () => {
  list.wanted ??= filtersOf('');
  if (list.told && list.failed === null) again = true;
  else read(Math.min(Math.max(list.rows.length, PAGE), MOST));
};

export const isFull = () => list.rows.length >= MOST;
export const readMore = () => {
  if (list.shown !== list.wanted || isFull()) return;
  const isGivenUp = list.told !== null;
  read(Math.min(PAGE, MOST - list.rows.length), list.rows.at(-1));
  again = isGivenUp;
};

let request = new AbortController();
async function read(most, after = null) {
  request.abort();
  const { signal } = (request = new AbortController());
  const { wanted } = list;
  again = false;
  const query = queryOf(wanted);
  query.set('most', most);
  if (after) for (const [name, value] of Object.entries(cursor(after, wanted.view))) query.set(name, value);
  list.told = { rows: new Map(), counts: null };
  tell();
  const came = await get(`/inbox/rows?${query}`, signal, fail);
  if (came) take(came, wanted, after !== null);
  else if (came === null) fail();
}

function fail(reason = '') {
  list.failed = reason;
  if (list.shown !== list.wanted) Object.assign(list, { shown: null, rows: [], more: false });
  tell();
}

// What was told meanwhile may be newer than what came. If it is older, what is newer will be told.
function take(came, wanted, isMore) {
  const known = new Set(isMore ? list.rows.map(({ id }) => id) : []);
  const rows = came.rows.filter(({ id }) => !known.has(id));
  const { told } = list;
  Object.assign(list, { shown: wanted, rows: isMore ? [...list.rows, ...rows] : rows, more: came.more });
  Object.assign(list, { failed: null, told: null });
  apply([...told.rows.values()], told.counts ?? came.counts);
  if (again) refresh();
}

/** Return whether the rows have their places: of a search or filters only the server knows them. */
export function takeNews({ rows, counts }) {
  if (list.told) {
    for (const row of rows) list.told.rows.set(row.id, row);
    list.told.counts = counts;
  }
  apply(rows, counts);
  return ![list.wanted, list.shown].some((filters) => filters && isNarrowed(filters));
}

function apply(rows, counts) {
  const { shown, more } = list;
  list.counts = counts;
  tellWaiting(counts.waiting);
  if (shown && !isNarrowed(shown))
    list.rows = rows.reduce((all, row) => placed(all, row, { view: shown.view, more }), list.rows);
  tell();
}

/** @type {Order} */
const newestFirst = (one, other) => Date.parse(other.at) - Date.parse(one.at) || other.id - one.id;
/** @type {Order} */
const longestFirst = (one, other) =>
  Number(!one.unsent) - Number(!other.unsent) ||
  Date.parse(one.waiting) - Date.parse(other.waiting) ||
  one.id - other.id;

/** @type {(rows: Row[], row: Row, data: {view: string, more: boolean}) => Row[]} */
export function placed(rows, row, { view, more }) {
  const others = rows.filter((other) => other.id !== row.id);
  if (!row.views.includes(view)) return others;
  const order = view === 'waiting' ? longestFirst : newestFirst;
  const place = others.findIndex((other) => order(row, other) < 0);
  if (place < 0 && more) return others; // belongs after the rows that are there
  return others.toSpliced(place < 0 ? others.length : place, 0, row);
}

/** What follows this row in a view. */
const cursor = ({ id, at, waiting, unsent }, view) =>
  view === 'waiting' ? { at: waiting, id, unsent: Boolean(unsent) } : { at, id };
