// The box to write in.
function drawComposer(state) {
  const {data, area, note, hint, composer} = state;
  const reason = state.reason?.conversation === data.conversation ? state.reason.text : null;
  const words = data.shut || reason;
  note.hidden = !words;
  note.textContent = words || '';
  note.className = data.shut ? 'note shut' : 'note';
  composer.classList.toggle('closed', Boolean(data.shut));
  area.disabled = Boolean(data.shut);
  area.placeholder = data.bot ? data.words.placeholder_bot : data.words.placeholder;
  area.ariaLabel = data.words.reply;
  state.send.textContent = data.words.send;
  hint.textContent = [data.words.hint, windowLeft(data)].filter(Boolean).join(' · ');
  grow(area);
  area.oninput = () => grow(area);
  area.onblur = () => keepDraft(state);
  area.onkeydown = (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(state); }
  };
  composer.onsubmit = (event) => { event.preventDefault(); send(state); area.focus(); };
}

function windowLeft(data) {
  if (!data.window) return '';
  const minutes = Math.floor((Date.parse(data.window) - Date.now()) / 60000);
  return minutes > 0 ? fill(data.words.window, {time: minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`}) : '';
}

function grow(area) {
  area.style.height = 'auto';
  area.style.height = `${Math.min(area.scrollHeight, 180)}px`;
}
