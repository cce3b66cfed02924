import { signIn } from './unsaved.js';

export default signIn;
