// bridge.js reads the same key.
export default function ({ data, parentElement }) {
  const input = parentElement.querySelector('input');
  parentElement.querySelector('span').textContent = data.label;
  input.checked = localStorage.getItem('bothub.sound') !== 'off';
  input.onchange = () => localStorage.setItem('bothub.sound', input.checked ? 'on' : 'off');
}
