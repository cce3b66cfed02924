import { toast } from './dom.js';

const BASE = '/sandbox/api';

// Calls the control API. Throws an Error with the server's own words.
export async function call(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.headers['Content-Type'] = 'application/json';
    options.body = JSON.stringify(body);
  }
  const answer = await fetch(BASE + path, options);
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.error ?? `HTTP ${answer.status}`);
  return data;
}

// The same for clicks: a failure is shown and undefined comes back.
export async function attempt(method, path, body) {
  try {
    return await call(method, path, body);
  } catch (error) {
    toast(error.message);
    return undefined;
  }
}

export const fileUrl = (id) => `${BASE}/media/${encodeURIComponent(id)}`;
export const listen = () => new EventSource(`${BASE}/events`);
