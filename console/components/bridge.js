// One live socket per browser tab. It outlives redraws of this component, so its state hangs on the window.
const SIGNED_OUT = 4401;
const EVERYTHING = 0;

export default function ({data, parentElement, setTriggerValue}) {
  const state = (window.bothubLive ??= {changed: new Set(), timer: 0, wait: 500, up: false});
  state.tell = () => {
    clearTimeout(state.timer);
    state.timer = setTimeout(() => {
      if (document.hidden || !state.changed.size) return;  // a hidden tab catches up when it is looked at
      const changed = [...state.changed];
      state.changed.clear();
      setTriggerValue('tick', changed);
    }, 30);
  };
  document.title = (data.waiting ? `(${data.waiting}) ` : '') + document.title.replace(/^\(\d+\) /, '');
  if (!state.socket) connect(state);
  parentElement.querySelector('i').dataset.ready = 'true';
}

function connect(state) {
  const open = () => {
    const socket = (state.socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/live'));
    socket.onopen = () => {
      if (state.lost) state.changed.add(EVERYTHING);
      Object.assign(state, {lost: false, up: true, wait: 500});
      document.documentElement.dataset.live = 'true';
      state.tell();
    };
    socket.onmessage = (event) => {
      for (const id of JSON.parse(event.data)) state.changed.add(id);
      state.tell();
    };
    socket.onclose = (event) => {
      if (event.code === SIGNED_OUT) return location.assign('/auth/login');
      Object.assign(state, {lost: true, up: false});
      state.wait = Math.min(state.wait * 2, 15000);
      setTimeout(open, state.wait * (0.75 + Math.random() / 2));
    };
  };
  open();
  // The net below: now and then everything is read again, more often while there is no socket.
  let quiet = 0;
  setInterval(() => {
    quiet += 10;
    if (state.up && quiet < 60) return;
    quiet = 0;
    state.changed.add(EVERYTHING);
    state.tell();
  }, 10000);
  document.addEventListener('visibilitychange', () => state.tell());
}
