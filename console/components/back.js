export default function ({data, parentElement}) {
  const button = parentElement.querySelector('button');
  button.ariaLabel = data.label;
  if (!button.firstChild) button.append(icon(['M10 3 5 8l5 5']));
  button.onclick = () => { document.documentElement.dataset.desk = 'list'; };
}
