import { mount } from './triggers.js';

export default ({ data, setTriggerValue }) => mount(data.name, (value) => setTriggerValue('pulled', value));
