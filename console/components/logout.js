export default function ({data, parentElement}) {
  parentElement.querySelector('button').textContent = data.label;
  // What was typed and not sent belongs to whoever typed it.
  parentElement.querySelector('form').onsubmit = () => sessionStorage.clear();
}
