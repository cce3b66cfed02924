// The key and its three values are those of Streamlit 1.67 (utils: ACTIVE_THEME); checked by tests/browser/test_theme.py.
const keyOf = (path) => `stActiveTheme-${path}-v2`;

function chosen() {
  try {
    return JSON.parse(localStorage.getItem(keyOf(location.pathname))) ?? 'System';
  } catch {
    return 'System';
  }
}

function choose(value, paths) {
  for (const path of new Set([...paths, location.pathname])) localStorage.setItem(keyOf(path), JSON.stringify(value));
  location.reload();
}

export default function ({ data, parentElement }) {
  const group = parentElement.querySelector('[role=radiogroup]');
  group.setAttribute('aria-label', data.label);
  const now = chosen();
  group.replaceChildren(
    ...data.choices.map(([value, name]) => {
      const label = document.createElement('label');
      const input = document.createElement('input');
      Object.assign(input, { type: 'radio', name: 'theme', value, checked: value === now });
      input.addEventListener('change', () => choose(value, data.paths));
      label.append(input, name);
      return label;
    }),
  );
}
