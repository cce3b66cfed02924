// Applies change events to the list where the browser can decide which rows belong in it.
import { tellWaiting } from '../dom.js';
import { draw, select } from './index.js';

const MOST_ROWS = 120; // longer lists are redrawn by the server
const VIEWS = ['waiting', 'mine', 'bot'];

/** @typedef {import('../types').Row} Row */
/** @typedef {(one: Row, other: Row) => number} Order */

/** @type {Order} */
const newestFirst = (one, other) => Date.parse(other.at) - Date.parse(one.at) || other.id - one.id;
/** @type {Order} */
const longestFirst = (one, other) =>
  Number(!one.unsent) - Number(!other.unsent) ||
  Date.parse(one.waiting) - Date.parse(other.waiting) ||
  one.id - other.id;

// Return the ids of conversations that could not be placed.
export function takeNews(root, state, news) {
  const { data } = state;
  state.news = news;
  tellCounts(state);
  const rows = news.rows.filter((row) => news.read_at > Math.max(data.read_at, state.moved.get(row.id)?.at ?? 0));
  for (const row of rows) state.moved.set(row.id, { row, at: news.read_at });
  const ids = rows.map((row) => row.id);
  if (data.searching || data.earlier) return ids;
  data.rows = rows.reduce((all, row) => placed(all, row, data), data.rows);
  draw(root, state);
  select(state, state.selected);
  return data.rows.length > MOST_ROWS ? ids : [];
}

// A script run may have read older data than the latest events: apply those again.
export function keepNews(state) {
  const { data, moved } = state;
  for (const [id, { at }] of moved) if (at < data.read_at) moved.delete(id);
  if (!data.searching && !data.earlier) for (const { row } of moved.values()) data.rows = placed(data.rows, row, data);
}

/** @type {(rows: Row[], row: Row, data: {view: string, more: boolean}) => Row[]} */
export function placed(rows, row, data) {
  const others = rows.filter((other) => other.id !== row.id);
  if (!row.views.includes(data.view)) return others;
  const order = data.view === 'waiting' ? longestFirst : newestFirst;
  const place = others.findIndex((other) => order(row, other) < 0);
  if (place < 0 && data.more) return others; // belongs on a later page
  return others.toSpliced(place < 0 ? others.length : place, 0, row);
}

// Counts beside the view names, as CSS variables: a widget's labels must not change, because Streamlit identifies options by them.
export function tellCounts({ data, news }) {
  const counts = news && news.read_at > data.counts.read_at ? news.counts : data.counts;
  tellWaiting(counts.waiting);
  for (const view of VIEWS)
    document.documentElement.style.setProperty(
      `--count-${view}`,
      JSON.stringify(counts[view] ? ` ${counts[view]}` : ''),
    );
}
