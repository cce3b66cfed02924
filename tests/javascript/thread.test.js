import assert from 'node:assert/strict';
import { test } from 'node:test';

import { refusedFile } from '../../console/components/thread/files.js';
import { answeredMeanwhile } from '../../console/components/thread/others.js';
import { componentsOf, shownTemplate } from '../../console/components/thread/slots.js';

const slot = (part, name, more = {}) => ({ part, name, kind: 'text', index: 0, card: null, ...more });
const given = (where, text) => ({
  slot: where,
  text,
  parameter: () => (text === null ? null : { type: 'text', text }),
});

test('a template is shown with what is filled in, and its open places as they are', () => {
  const one = {
    headerText: 'Order {{1}}',
    body: 'Hello {{ name }}, it comes {{when}}.',
    footer: 'Shop',
    buttons: ['Track'],
    cards: [{ headerText: '', body: 'Only {{1}}', footer: '', buttons: [] }],
  };
  const asked = [
    given(slot('header', '1'), '77'),
    given(slot('body', 'name'), 'Zoë'),
    given(slot('body', 'when'), ''),
    given(slot('body', '1', { card: 0 }), '9 €'),
  ];
  const shown = shownTemplate(one, asked);
  assert.equal(shown.header, 'Order 77');
  assert.equal(shown.body, 'Hello Zoë, it comes {{when}}.');
  assert.equal(shown.cards[0].body, 'Only 9 €');
});

test('parameters are sent by part and button, without those left empty, cards apart', () => {
  const asked = [
    given(slot('body', '1'), 'Ana'),
    given(slot('body', '2'), 'Monday'),
    given(slot('button', '1', { index: 1 }), 'x7'),
    given(slot('button', '1', { index: 2 }), null),
    given(slot('body', '1', { card: 0 }), 'blue'),
  ];
  assert.deepEqual(componentsOf(asked, null), [
    {
      type: 'body',
      parameters: [
        { type: 'text', text: 'Ana' },
        { type: 'text', text: 'Monday' },
      ],
    },
    { type: 'button', sub_type: 'url', index: 1, parameters: [{ type: 'text', text: 'x7' }] },
  ]);
  assert.deepEqual(componentsOf(asked, 0), [{ type: 'body', parameters: [{ type: 'text', text: 'blue' }] }]);
});

test("a colleague's answer since typing began is told, one's own and the bot's are not", () => {
  const line = (id, sender, author) => ({ id, sender, author });
  const told = (lines, value = 'Hello') =>
    answeredMeanwhile({
      data: {
        conversation: 3,
        lines,
        values: { 'agent.name': 'Ana' },
        words: { answered_meanwhile: '{who} answered' },
      },
      area: { value },
      beganAt: { conversation: 3, line: 10 },
    });
  assert.equal(told([line(10, 'agent', 'Bea'), line(11, 'agent', 'Carla')]), 'Carla answered');
  assert.equal(told([line(10, 'agent', 'Bea')]), '');
  assert.equal(told([line(11, 'agent', 'Ana'), line(12, 'bot', 'Bot'), line(13, 'customer', 'Luis')]), '');
});

test('a refused file says why', () => {
  const words = { file_too_large: 'Over {limit}', file_type: 'Type', file_refused: 'Refused', file_not_taken: 'Again' };
  assert.equal(refusedFile(422, '{"error": "size", "limit": 16}', words), 'Over 16 MB');
  assert.equal(refusedFile(422, '{"error": "size", "limit": 0.5}', words), 'Over 512 KB');
  assert.equal(refusedFile(422, '{"error": "type"}', words), 'Type');
  assert.equal(refusedFile(413, '', words), 'Refused');
  assert.equal(refusedFile(503, '<html>', words), 'Again');
});
