// Browsers show their own text, and only after an interaction with the page.
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
