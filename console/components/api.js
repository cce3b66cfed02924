// Reads and commands of the server (console/http/inbox_api.py). One that was not answered, or met a database that is away, is
// repeated: a command's key makes it run once.
import { uuid } from './format.js';
import { general, say } from './messages.js';
import { signIn } from './unsaved.js';

const AGAIN_MS = 1000;
const LONGEST_MS = 8000;
const AWAY = [502, 503, 504];
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * Return the JSON at an address, null if it is not there (404), undefined if `signal` gave it up.
 *
 * @param {string} address
 * @param {AbortSignal} signal
 * @param {(error?: string) => void} fail called once if it does not come at once, with the server's reason
 * @returns {Promise<any>}
 */
export async function get(address, signal, fail) {
  for (let wait = AGAIN_MS; ; wait = Math.min(2 * wait, LONGEST_MS)) {
    const answer = await fetch(address, { signal }).catch(() => null);
    const came = await answer?.json().catch(() => null);
    if (signal.aborted) return undefined;
    if (answer?.ok && came) return came;
    if (answer?.status === 404) return null;
    if (answer?.status === 401) {
      signIn();
      return undefined;
    }
    if (wait === AGAIN_MS) fail(came?.error);
    await pause(wait);
    if (signal.aborted) return undefined;
  }
}

/**
 * Return the answer of a command; `ok` is false and `error` says why if it was refused.
 *
 * @param {number} conversation
 * @param {string} command
 * @param {object} values
 * @param {AbortSignal} [signal] ends the waiting for an answer, not what the server does
 * @returns {Promise<{ok: boolean, error?: string, said?: string, undo?: {token: string, said: string}, open?: number,
 *   found?: any}>}
 */
export async function post(conversation, command, values, signal) {
  const body = JSON.stringify({ key: uuid(), ...values });
  const headers = { 'Content-Type': 'application/json' };
  for (let wait = AGAIN_MS; ; wait = Math.min(2 * wait, LONGEST_MS)) {
    const asked = { method: 'POST', headers, body, signal };
    const answer = await fetch(`/inbox/${conversation}/${command}`, asked).catch(() => null);
    if (signal?.aborted) return { ok: false };
    const told = answer ? await answer.json().catch(() => ({})) : {};
    if (answer?.status === 401) {
      signIn();
      return new Promise(() => {}); // the page is being left
    }
    if (answer && !AWAY.includes(answer.status))
      return answer.ok ? { ...told, ok: true } : { error: general.refused, ...told, ok: false };
    if (told.error && wait === AGAIN_MS) say(told.error, true);
    await pause(wait);
  }
}
