import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  CLOCK,
  DAY,
  clockOf,
  fill,
  formatTime,
  hue,
  initials,
  size,
  span,
  uuid,
} from '../../console/components/format.js';

test('a template takes its values, and an unknown place stays empty', () => {
  assert.equal(fill('{who} writes to {whom}', { who: 'Ana' }), 'Ana writes to ');
  assert.equal(fill('{number} chosen', { number: 0 }), '0 chosen');
});

test('a time is said in the zone and language of the business, not of the machine', () => {
  const moment = '2026-12-01T02:30:00Z';
  assert.equal(formatTime(moment, 'es', 'America/Argentina/Buenos_Aires', CLOCK), '23:30');
  assert.equal(formatTime(moment, 'en', 'Asia/Tokyo', CLOCK), '11:30');
  assert.equal(formatTime(moment, 'en-CA', 'America/Mexico_City', DAY), '2026-11-30');
  assert.equal(formatTime(moment, 'en-CA', 'Europe/Madrid', DAY), '2026-12-01');
});

test('midnight is 00, not 24', () => {
  assert.equal(formatTime('2026-12-01T00:05:00Z', 'en', 'UTC', CLOCK), '00:05');
});

test('initials come from the first two words, whatever their script', () => {
  assert.equal(initials('ana maría lópez'), 'AM');
  assert.equal(initials('  Ñandú '), 'Ñ');
  assert.equal(initials('李 小龙'), '李小');
  assert.equal(initials('+54 11 5555'), '#');
});

test('a name keeps its hue', () => {
  assert.equal(hue('Ana'), hue('Ana'));
  assert.notEqual(hue('Ana'), hue('Bruno'));
  assert.ok(hue('🙂 Élodie') < 360);
});

test('a wait grows from minutes to hours to days', () => {
  assert.deepEqual([0, 59, 60, 1439, 1440, 4320].map(span), ['0 min', '59 min', '1 h', '23 h', '1 d', '3 d']);
});

test('sizes and lengths', () => {
  const said = (bytes, language) => size(bytes, { language });
  assert.deepEqual(
    [1, 3_009, 999_600, 1_500_000].map((bytes) => said(bytes, 'en')),
    ['1 kB', '3 kB', '1.0 MB', '1.5 MB'],
  );
  assert.equal(said(1_500_000, 'pt'), '1,5 MB');
  assert.deepEqual([0, 9, 65, 600].map(clockOf), ['0:00', '0:09', '1:05', '10:00']);
});

test('a token is a version 4 UUID without randomUUID, which browsers offer over TLS only', (context) => {
  context.after(() => delete crypto.randomUUID);
  Object.defineProperty(crypto, 'randomUUID', { value: undefined, configurable: true });
  const made = new Set(Array.from({ length: 50 }, uuid));
  assert.equal(made.size, 50);
  for (const one of made) assert.match(one, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
});
