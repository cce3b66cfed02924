export default function () {
  location.replace('/auth/login');
}
