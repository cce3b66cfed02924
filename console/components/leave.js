import { forget } from './unsaved.js';

export default function () {
  forget(); // the session that held unsaved changes has ended
  location.replace('/auth/login?ended&next=' + encodeURIComponent(location.pathname + location.search));
}
