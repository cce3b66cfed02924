// A browser asks in its own words, and only somebody who has done something on the page.
const ask = (event) => event.preventDefault();

export default function ({data}) {
  window.bothubUnsaved = () => {
    window.removeEventListener('beforeunload', ask);
    document.documentElement.removeAttribute('data-unsaved');
  };
  if (data.unsaved) {
    window.addEventListener('beforeunload', ask);
    document.documentElement.setAttribute('data-unsaved', '');
  } else window.bothubUnsaved();
}
