// Commands to the server (console/http/inbox_api.py). One that was not answered, or met a database that is away, is repeated:
// its key makes it run once.
import { uuid } from './format.js';
import { say } from './messages.js';
import { signIn } from './unsaved.js';

const AGAIN_MS = 1000;
const LONGEST_MS = 8000;
const AWAY = [502, 503, 504];
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

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
    if (answer && !AWAY.includes(answer.status)) return { ...told, ok: answer.ok };
    if (told.error && wait === AGAIN_MS) say(told.error, true);
    await pause(wait);
  }
}
