import { leaving } from './unsaved.js';

export default function ({ data, parentElement }) {
  parentElement.querySelector('button').textContent = data.label;
  // Delete the agent's unsent drafts from this browser.
  parentElement.querySelector('form').onsubmit = () => {
    leaving.now = true;
    sessionStorage.clear();
    for (const name of Object.keys(localStorage))
      if (name.startsWith(`bothub.draft.${data.me}.`)) localStorage.removeItem(name);
  };
}
