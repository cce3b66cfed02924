// View, search and filters of the list, by their names in the address. What is usual is left out of it.
const USUAL = { view: 'all', q: '', status: '', channel: '', tag: '', team: '', unassigned: '', closing: '' };

/** @typedef {typeof USUAL} Filters */
/** @typedef {{[name: string]: [string, string][]}} Choices values and labels, by filter */

/** @type {(entries: [string, string][]) => Filters} */
const filters = (entries) => /** @type {Filters} */ (Object.fromEntries(entries));

export const filtersOf = (search) => {
  const said = new URLSearchParams(search);
  return filters(Object.entries(USUAL).map(([name, usual]) => [name, said.get(name) || usual]));
};

/**
 * Return the filters without what is not to choose: an address may be old, or written by hand.
 *
 * @param {Filters} wanted
 * @param {Choices} choices
 */
export const possible = (wanted, choices) => {
  const isKnown = ([name, value]) => choices[name]?.some(([one]) => one === value) ?? true;
  return filters(Object.entries(wanted).map((one) => (isKnown(one) ? one : [one[0], USUAL[one[0]]])));
};

/** @param {Filters} wanted */
export const queryOf = (wanted) =>
  new URLSearchParams(Object.entries(wanted).filter(([name, value]) => value !== USUAL[name]));

/** @type {(one: Filters, other: Filters) => boolean} */
export const isSame = (one, other) => `${queryOf(one)}` === `${queryOf(other)}`;

/**
 * Return whether a search or filters show less than the whole view.
 *
 * @param {Filters} wanted
 */
export const isNarrowed = (wanted) => queryOf({ ...wanted, view: USUAL.view }).size > 0;

/** Return the search of an address with these filters instead of its own. */
export const searchWith = (search, wanted) => {
  const said = new URLSearchParams(search);
  for (const name of Object.keys(USUAL)) said.delete(name);
  for (const [name, value] of queryOf(wanted)) said.set(name, value);
  return said.size ? `?${said}` : '';
};
