// Files in a message: enlargeable images, voice notes, videos and downloads.
import { el, icon } from '../dom.js';
import { clockOf, size } from '../format.js';
import { PAPER, toolButton } from './message.js';

const PLAY = ['M5 3v10l8-5z'];
const PAUSE = ['M5.5 3v10', 'M10.5 3v10'];
const SPEEDS = [1, 1.5, 2];

export function makeFile(file, line, state) {
  const { words } = state.data;
  if (file.state !== 'stored')
    return el(
      'div',
      'aside',
      [file.name, file.state === 'pending' ? words.file_pending : words.file_failed].filter(Boolean).join(' · '),
    );
  const address = `/files/${file.id}?m=${line.id}`;
  const mime = file.mime || `${line.type}/`;
  if (/^(image|sticker)\//.test(mime)) return makePicture(address, line, state);
  if (mime.startsWith('audio/')) return makeVoice(address, state);
  if (mime.startsWith('video/')) {
    const player = el('video');
    Object.assign(player, { src: address, controls: true, preload: 'metadata', ariaLabel: words.type_video });
    return player;
  }
  const link = el('a', 'document');
  Object.assign(link, { href: address, download: file.name || '' });
  const label = el('span', '', file.name || words.type_document);
  if (file.size) label.append(el('small', '', size(file.size, state.data)));
  link.append(icon(PAPER), label);
  return link;
}

// A file sent by URL: the content policy allows no external media, so it is a link.
export function makeLinked({ address, kind, name }, words) {
  const link = el('a', 'document');
  Object.assign(link, { href: address, target: '_blank', rel: 'noopener noreferrer', title: address });
  const label = el('span', '', name || words['type_' + kind] || words.type_document);
  label.append(el('small', '', URL.canParse(address) ? new URL(address).host : address));
  link.append(icon(PAPER), label);
  return link;
}

function makePicture(address, line, state) {
  const picture = el('img');
  const sticker = line.type === 'sticker';
  Object.assign(picture, {
    src: address,
    alt: line.text || state.data.words[sticker ? 'type_sticker' : 'type_image'],
    loading: 'lazy',
  });
  const button = el(sticker ? 'span' : 'button', sticker ? 'picture sticker' : 'picture');
  button.append(picture);
  if (sticker) return button;
  Object.assign(button, {
    type: 'button',
    ariaLabel: `${state.data.words.enlarge}: ${picture.alt}`,
    onclick: () => enlarge(state, button),
  });
  return button;
}

// ---- lightbox: arrows browse the thread's images, Escape returns to the last one seen
function enlarge(state, button) {
  const { data, lines } = state;
  const dialog = el('dialog', 'lightbox');
  const picture = el('img');
  const caption = el('p');
  const original = el('a', 'original', data.words.original);
  Object.assign(original, { target: '_blank', rel: 'noopener' });
  const pictures = () => [...lines.querySelectorAll('button.picture')];
  let shown = button;
  const show = (step) => {
    const all = pictures();
    const next = all[all.indexOf(shown) + step];
    if (!next) return;
    shown = next;
    const { src, alt } = shown.firstChild;
    Object.assign(picture, { src, alt });
    original.href = src;
    caption.textContent = alt;
    const at = all.indexOf(shown);
    [before.disabled, after.disabled] = [at === 0, at === all.length - 1];
  };
  const before = toolButton('‹', data.words.picture_before, () => show(-1));
  const after = toolButton('›', data.words.picture_after, () => show(1));
  const close = toolButton('✕', data.words.shut, () => dialog.close());
  [before.className, after.className, close.className] = ['before', 'after', 'close'];
  dialog.ariaLabel = data.words.type_image;
  dialog.append(picture, caption, original, before, after, close);
  dialog.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) {
      event.preventDefault();
      show(step);
    }
  };
  dialog.onclick = (event) => {
    if (event.target === dialog) dialog.close();
  };
  dialog.onclose = () => {
    dialog.remove();
    shown.focus();
  };
  lines.parentNode.parentNode.append(dialog);
  show(0);
  dialog.showModal();
}

// ---- voice note player: play, position and speed. Only one plays at a time.
function makeVoice(address, state) {
  const { words } = state.data;
  const box = el('div', 'voice');
  const audio = Object.assign(new Audio(), { src: address, preload: 'metadata' });
  const play = toolButton('', words.play, () => (audio.paused ? audio.play().catch(failed) : audio.pause()));
  const speed = toolButton('', words.speed, () =>
    setSpeed(SPEEDS[(SPEEDS.indexOf(audio.defaultPlaybackRate) + 1) % SPEEDS.length]),
  );
  const track = Object.assign(el('input'), { type: 'range', min: 0, max: 1000, value: 0, ariaLabel: words.position });
  const time = el('small', 'time', '0:00');
  [play.className, speed.className] = ['play', 'speed'];
  const setSpeed = (rate) => {
    audio.defaultPlaybackRate = audio.playbackRate = rate;
    speed.textContent = `${rate.toLocaleString(state.data.language)}×`;
    localStorage.setItem('bothub.speed', String(rate));
  };
  const draw = () => {
    const whole = Number.isFinite(audio.duration) ? audio.duration : 0;
    const seconds = Math.floor(audio.paused && !audio.currentTime ? whole : audio.currentTime);
    play.replaceChildren(icon(audio.paused ? PLAY : PAUSE));
    play.ariaLabel = play.title = audio.paused ? words.play : words.pause;
    track.value = whole ? (audio.currentTime / whole) * 1000 : 0;
    track.style.setProperty('--played', `${track.value / 10}%`);
    track.setAttribute('aria-valuetext', `${seconds} s`);
    time.textContent = clockOf(seconds);
  };
  const failed = () => {
    time.textContent = words.file_failed;
    box.classList.add('bad');
  };
  track.oninput = () => {
    if (Number.isFinite(audio.duration)) audio.currentTime = (track.value / 1000) * audio.duration;
  };
  audio.onplay = () => {
    if (state.speaking !== audio) state.speaking?.pause();
    state.speaking = audio;
    draw();
  };
  audio.onended = () => {
    audio.currentTime = 0;
    draw();
  };
  audio.onpause = audio.ontimeupdate = audio.onloadedmetadata = draw;
  audio.onerror = failed;
  const kept = Number(localStorage.getItem('bothub.speed'));
  setSpeed(SPEEDS.includes(kept) ? kept : 1);
  draw();
  box.append(play, track, time, speed);
  return box;
}
