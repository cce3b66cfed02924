// A browser asks in its own words, and only somebody who has done something on the page.
const ask = (event) => event.preventDefault();

export default function ({data}) {
  window.bothubUnsaved = () => window.removeEventListener('beforeunload', ask);
  if (data.unsaved) window.addEventListener('beforeunload', ask);
  else window.bothubUnsaved();
}
