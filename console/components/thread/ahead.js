// Messages come by themselves, ahead of the run of the script that brings them with everything around them.
const AHEAD_FEWEST = 60;
const AHEAD_MOST = 300;
const OPENING_MS = 5000;

function listenAhead(state) {
  state.askAhead = (conversation) => askAhead(state, conversation);
  window.bothubAhead = state.askAhead;
}

function forgetAhead(state) {
  if (window.bothubAhead === state.askAhead) delete window.bothubAhead;
  state.asked?.abort();
  opened(state);
}

async function askAhead(state, conversation) {
  const lines = conversation === state.conversation ? Math.max(AHEAD_FEWEST, state.data.lines.length) : AHEAD_FEWEST;
  if (conversation !== state.conversation) opening(state, conversation);
  if (lines > AHEAD_MOST) return;
  state.asked?.abort();
  state.asked = new AbortController();
  try {
    const answer = await fetch(`/ahead/${conversation}?lines=${lines}`, {signal: state.asked.signal});
    if (!answer.ok) return;
    state.ahead = await answer.json();
    draw(state);
  } catch (error) {
    console.debug('Messages did not come ahead; the page brings them.', error);
  }
}

// Until the run has come, what stands around the messages is still about the conversation before, and is out of reach.
function opening(state, conversation) {
  clearTimeout(state.openingTimer);
  state.opening = conversation;
  document.documentElement.dataset.opening = conversation;
  state.openingTimer = setTimeout(() => opened(state), OPENING_MS);
}

function opened(state) {
  clearTimeout(state.openingTimer);
  state.opening = null;
  delete document.documentElement.dataset.opening;
}

function newest(state) {
  const {given, ahead} = state;
  if (state.opening === given.conversation) opened(state);
  if (ahead?.conversation === given.conversation) return ahead.read_at > given.read_at ? {...given, ...ahead} : given;
  if (!ahead || ahead.conversation !== state.opening) return given;
  return {...given, ...ahead, templates: null, copilot: {...given.copilot, job: null}};
}
