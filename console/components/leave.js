export default function () {
  window.bothubUnsaved?.();  // the session that held unsaved changes has ended
  location.replace('/auth/login?ended&next=' + encodeURIComponent(location.pathname + location.search));
}
