// Text, numbers and times as people read them.
export const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
export const initials = (name) =>
  /\p{L}/u.test(name)
    ? name
        .trim()
        .split(/\s+/)
        .slice(0, 2)
        .map((word) => [...word][0])
        .join('')
        .toUpperCase()
    : '#';
export const hue = (name) => {
  let sum = 0;
  for (const char of name) sum = (sum * 31 + char.codePointAt(0)) % 360;
  return sum;
};

export const span = (minutes) =>
  minutes < 60
    ? `${minutes} min`
    : minutes < 1440
      ? `${Math.floor(minutes / 60)} h`
      : `${Math.floor(minutes / 1440)} d`;

const megabytes = (bytes, language) =>
  (bytes / 1e6).toLocaleString(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
export const size = (bytes, { language }) =>
  bytes < 999_500 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${megabytes(bytes, language)} MB`;

// Format seconds: 65 is 1:05.
export const clockOf = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;

// Browsers offer randomUUID only over TLS or on localhost.
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

// Format a time. Formats are cached: creating one takes a hundred times as long as using it.
export const DAY = { year: 'numeric', month: '2-digit', day: '2-digit' };
export const DAY_NAME = { weekday: 'long', day: 'numeric', month: 'long' };
export const DATE = { day: 'numeric', month: 'short' };
export const CLOCK = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
const formats = new Map();
export const formatTime = (moment, language, timeZone, options) => {
  const name = [language, timeZone, ...Object.keys(options)].join();
  if (!formats.has(name)) formats.set(name, new Intl.DateTimeFormat(language, { ...options, timeZone }));
  return formats.get(name).format(new Date(moment));
};
