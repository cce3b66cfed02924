// Whether the agent is signing out.
export const leaving = { now: false };

// Browsers show their own text, and only after an interaction with the page.
const ask = (event) => event.preventDefault();

export function forget() {
  window.removeEventListener('beforeunload', ask);
  document.documentElement.removeAttribute('data-unsaved');
}

export default function ({ data }) {
  if (data.unsaved) {
    window.addEventListener('beforeunload', ask);
    document.documentElement.setAttribute('data-unsaved', '');
  } else forget();
}
