// Loads a component's script and style. Components share modules, and with them state: a page must not mix those of two
// versions, so that it loads again if the server was replaced meanwhile.
const root = document.documentElement;
const here = new URL('.', import.meta.url).pathname;

export async function mount(name, script) {
  root.dataset.version ??= here;
  if (root.dataset.version !== here) location.reload();
  const [{ default: draw }, style] = await Promise.all([import(script), styleOf(name)]);
  return (component) => {
    const shadow = component.parentElement.getRootNode();
    if (!shadow.adoptedStyleSheets.includes(style)) shadow.adoptedStyleSheets.push(style);
    return draw(component);
  };
}

async function styleOf(name) {
  const answer = await fetch(new URL(`${name}.css`, import.meta.url));
  const style = new CSSStyleSheet();
  style.replaceSync(await answer.text());
  return style;
}
