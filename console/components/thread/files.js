// Attachments: chosen, pasted or dropped, uploaded immediately, and sent with the next message.
import { el, icon } from '../dom.js';
import { fill, size } from '../format.js';
import { isNoting } from './composer.js';
import { PAPER } from './message.js';

function takeFiles(state, files) {
  if (isNoting(state) || state.data.shut || !state.data.files) return;
  for (const file of files)
    handIn(state, {
      conversation: state.data.conversation,
      name: file.name || 'file',
      size: file.size,
      body: file,
      done: 0,
    });
}

function handIn(state, one) {
  if (!state.files.includes(one)) state.files.push(one);
  Object.assign(one, { failed: null, done: 0 });
  const request = (one.request = new XMLHttpRequest());
  request.open('POST', '/files');
  request.setRequestHeader('Content-Type', one.body.type || 'application/octet-stream');
  request.setRequestHeader('X-File-Name', encodeURIComponent(one.name));
  request.setRequestHeader('X-Conversation', one.conversation);
  request.upload.onprogress = (event) => {
    one.done = event.loaded / event.total;
    drawFiles(state);
  };
  request.onload = () => {
    if (request.status === 201) Object.assign(one, JSON.parse(request.responseText));
    else one.failed = refusedFile(request.status, request.responseText, state.data.words);
    drawFiles(state);
  };
  request.onerror = () => {
    one.failed = state.data.words.file_not_taken;
    drawFiles(state);
  };
  request.send(one.body);
  drawFiles(state);
}

// Why a file was rejected: too large, unsupported type, or not stored.
export function refusedFile(status, answer, words) {
  if (status !== 413 && status !== 422) return words.file_not_taken;
  const { error, limit } = status === 422 ? JSON.parse(answer) : {};
  if (error === 'size')
    return fill(words.file_too_large, { limit: limit < 1 ? `${Math.round(limit * 1024)} KB` : `${limit} MB` });
  return error === 'type' ? words.file_type : words.file_refused;
}

export const readyFiles = (state) =>
  state.files.filter((one) => one.id && one.conversation === state.data.conversation);

export function drawFiles(state) {
  const { chips, files, data } = state;
  const shown = files.filter((one) => one.conversation === data.conversation);
  chips.hidden = !shown.length;
  chips.replaceChildren(
    ...shown.map((one) => {
      const chip = el('span', 'file' + (one.failed ? ' bad' : ''));
      const label = el('span');
      label.append(
        el('span', '', one.name),
        el('small', '', one.failed || (one.id ? size(one.size, data) : `${Math.round(one.done * 100)} %`)),
      );
      chip.title = one.name;
      chip.append((one.preview ??= previewOf(one, () => drawFiles(state))), label);
      if (one.failed) chip.append(fileButton('↻', data.words.retry, () => handIn(state, one)));
      chip.append(
        fileButton('✕', data.words.file_remove, () => {
          one.request.abort();
          files.splice(files.indexOf(one), 1);
          drawFiles(state);
        }),
      );
      return chip;
    }),
  );
}

// A preview of an image, or a document icon.
function previewOf(one, redraw) {
  if (!/^image\//.test(one.body.type)) return icon(PAPER);
  const picture = el('img');
  picture.onload = () => URL.revokeObjectURL(picture.src);
  picture.onerror = () => {
    one.preview = icon(PAPER);
    redraw();
  };
  Object.assign(picture, { src: URL.createObjectURL(one.body), alt: '' });
  return picture;
}

export function fileButton(sign, label, act) {
  const button = el('button', '', sign);
  button.type = 'button';
  button.ariaLabel = label;
  button.onclick = act;
  return button;
}

export function listenForFiles(state, wrap) {
  const { attach, picker, area } = state;
  attach.onclick = () => picker.click();
  picker.onchange = () => {
    takeFiles(state, picker.files);
    picker.value = '';
  };
  area.onpaste = (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    takeFiles(state, event.clipboardData.files);
  };
  wrap.ondragover = (event) => {
    if (event.dataTransfer.types.includes('Files')) {
      event.preventDefault();
      wrap.classList.add('dropping');
    }
  };
  wrap.ondragleave = (event) => {
    if (!wrap.contains(event.relatedTarget)) wrap.classList.remove('dropping');
  };
  wrap.ondrop = (event) => {
    event.preventDefault();
    wrap.classList.remove('dropping');
    takeFiles(state, event.dataTransfer.files);
  };
}
