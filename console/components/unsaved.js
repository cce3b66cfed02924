// Whether the page is being left for the sign-in page.
export const leaving = { now: false };

// Browsers show their own text, and only after an interaction with the page.
const ask = (event) => event.preventDefault();

function forget() {
  window.removeEventListener('beforeunload', ask);
  document.documentElement.removeAttribute('data-unsaved');
}

// The session has ended, and with it what was not saved.
export function signIn() {
  leaving.now = true;
  forget();
  location.assign('/auth/login?ended&next=' + encodeURIComponent(location.pathname + location.search));
}

export default function ({ data }) {
  if (data.unsaved) {
    window.addEventListener('beforeunload', ask);
    document.documentElement.setAttribute('data-unsaved', '');
  } else forget();
}
