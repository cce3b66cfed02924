// Triggers of script runs (trigger.py), by name: a function, or the value to fire it with once it is mounted.
const triggers = new Map();

export const isMounted = (name) => typeof triggers.get(name) === 'function';

export const pull = (name, value) => {
  if (isMounted(name)) triggers.get(name)(value);
  else triggers.set(name, { value });
};

export const mount = (name, fire) => {
  const early = triggers.get(name)?.value;
  triggers.set(name, fire);
  if (early !== undefined) fire(early);
  return () => {
    if (triggers.get(name) === fire) triggers.delete(name);
  };
};
