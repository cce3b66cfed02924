export default function () {
  window.bothubUnsaved?.();  // the session that held it has ended
  location.replace('/auth/login?ended&next=' + encodeURIComponent(location.pathname + location.search));
}
