export default function ({data, setTriggerValue}) {
  const triggers = (window.bothubTriggers ??= {});
  const early = triggers[data.name]?.value;
  const mine = (triggers[data.name] = (value) => setTriggerValue('pulled', value));
  if (early !== undefined) mine(early);
  return () => { if (triggers[data.name] === mine) delete triggers[data.name]; };
}
