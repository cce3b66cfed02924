export default function () {
  location.replace('/auth/login?ended&next=' + encodeURIComponent(location.pathname + location.search));
}
