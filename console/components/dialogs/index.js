import { general } from '../messages.js';
import { place } from './dialog.js';
import { hide } from './undo.js';

export default function ({ data, parentElement }) {
  place(parentElement.querySelector('.dialogs'), data.words);
  general.refused = data.refused;
  return hide;
}
