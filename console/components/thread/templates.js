// Templates: found by a word, filled in beside a preview, and sent like anything else that is written.
function drawTemplates(state) {
  const {data, templates, template} = state;
  const noting = isNoting(state);
  template.hidden = noting || !data.whatsapp;
  template.ariaLabel = template.title = data.words.templates;
  template.onclick = () => {
    state.browsing = state.browsing === data.conversation ? null : data.conversation;
    if (state.browsing && !data.templates) state.setTriggerValue('templates', data.conversation);
    drawTemplates(state);
  };
  const open = !noting && data.templates && (data.shut ? data.shut.by === 'window' : state.browsing === data.conversation);
  templates.hidden = !open;
  if (!open) return templates.replaceChildren();
  const looks = JSON.stringify([data.conversation, data.language, state.filling?.name, data.templates]);
  if (templates.looks === looks) return;  // somebody is typing in it
  templates.looks = looks;
  templates.replaceChildren(...(state.filling ? fillTemplate(state, state.filling) : listTemplates(state)));
}

function listTemplates(state) {
  const {data} = state;
  if (!data.templates.length) return [el('p', 'aside', data.words.templates_none)];
  const search = field(data.words.templates_search);
  const rows = el('div', 'rows');
  const show = () => {
    const wanted = search.value.trim().toLowerCase();
    const found = data.templates.filter((one) => `${one.name} ${one.body}`.toLowerCase().includes(wanted));
    rows.replaceChildren(...found.map((one) => {
      const row = el('button', 'row');
      row.type = 'button';
      const title = el('b', '', one.name.replaceAll('_', ' '));
      title.append(el('small', '', `${one.language} · ${(data.words['category_' + one.category] || one.category).toLowerCase()}`));
      row.append(title, el('span', '', one.body));
      row.onclick = () => { state.filling = one; drawTemplates(state); };
      return row;
    }));
    if (!found.length) rows.append(el('p', 'aside', data.words.templates_none_found));
  };
  search.oninput = show;
  show();
  return [search, rows];
}

function fillTemplate(state, one) {
  const {words, values} = state.data;
  const fields = [
    ...one.headerVariables.map((name) => ['header', name]),
    ...one.bodyVariables.map((name) => ['body', name]),
    ...one.buttonVariables.map(([index, name]) => ['button', name, index]),
  ].map(([part, name, index]) => ({part, name, index, input: field(part === 'body' ? `{{${name}}}` : `${words['part_' + part]} {{${name}}}`)}));
  const first = fields.find((one) => one.part === 'body');
  if (first) first.input.value = values['contact.first_name'] || '';
  const preview = el('div', 'bubble');
  const media = ['image', 'video', 'document'].includes(one.header) ? mediaField(state, one) : null;
  const send = el('button', 'send', words.send);
  send.type = 'button';
  const show = () => {
    const value = (part) => Object.fromEntries(fields.filter((one) => one.part === part).map((one) => [one.name, one.input.value.trim()]));
    const filledIn = (text, given) => text.replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, name) => given[name] || whole);
    const shown = {header: filledIn(one.headerText, value('header')), body: filledIn(one.body, value('body')), footer: one.footer, buttons: one.buttons};
    preview.replaceChildren(...templateParts(shown));
    send.disabled = fields.some((one) => !one.input.value.trim()) || (media && !media.file?.id);
    send.onclick = () => sendTemplate(state, one, fields, media, shown);
  };
  for (const {input} of fields) {
    input.oninput = show;
    input.onkeydown = (event) => { if (event.key === 'Enter') { event.preventDefault(); if (!send.disabled) send.click(); } };
  }
  if (media) media.changed = show;
  const back = toolButton('←', words.templates, () => { state.filling = null; drawTemplates(state); });
  back.className = 'back';
  const head = el('div', 'filling');
  head.append(back, el('b', '', one.name.replaceAll('_', ' ')));
  const foot = el('div', 'filling');
  foot.append(el('span', 'hint', ''), send);
  show();
  return [head, ...(media ? [media.input] : []), ...fields.map((one) => one.input), preview, foot];
}

function field(label) {
  const input = el('input', 'field');
  Object.assign(input, {type: 'text', placeholder: label, ariaLabel: label, maxLength: 1024});
  return input;
}

// The file of a header, handed in at once as attachments are.
function mediaField(state, one) {
  const input = el('input', 'field');
  Object.assign(input, {type: 'file', accept: one.header === 'document' ? '' : `${one.header}/*`, ariaLabel: state.data.words['type_' + one.header]});
  const media = {input, file: null, changed: null};
  input.onchange = async () => {
    const [file] = input.files;
    if (!file) return;
    const answer = await fetch('/files', {method: 'POST', body: file, headers: {'Content-Type': file.type || 'application/octet-stream', 'X-File-Name': encodeURIComponent(file.name), 'X-Conversation': state.data.conversation, 'X-Kind': one.header}}).catch(() => null);
    media.file = answer?.status === 201 ? {...(await answer.json()), name: file.name} : null;
    input.setCustomValidity(media.file ? '' : refusedFile(answer?.status, await answer?.text(), state.data.words));
    input.reportValidity();
    media.changed();
  };
  return media;
}

function sendTemplate(state, one, fields, media, shown) {
  const text = (given) => ({type: 'text', text: given.input.value.trim(), ...(/^\d+$/.test(given.name) ? {} : {parameter_name: given.name})});
  const of = (part) => fields.filter((given) => given.part === part);
  const components = [];
  if (media) components.push({type: 'header', parameters: [{type: one.header, [one.header]: {attachment_id: media.file.id, ...(one.header === 'document' ? {filename: media.file.name} : {})}}]});
  else if (of('header').length) components.push({type: 'header', parameters: of('header').map(text)});
  if (of('body').length) components.push({type: 'body', parameters: of('body').map(text)});
  for (const given of of('button')) components.push({type: 'button', sub_type: 'url', index: given.index, parameters: [{type: 'text', text: given.input.value.trim()}]});
  state.filling = null;
  state.browsing = null;
  post(state, [{conversation: state.data.conversation, at: new Date().toISOString(), token: uuid(), text: shown.body, template: {name: one.name, language: one.language, components}}]);
}

// A template as the customer sees it.
function templateParts({header, body, footer, buttons}) {
  const parts = [];
  if (header) parts.push(el('b', 'text', header));
  parts.push(spoken(body));
  if (footer) parts.push(el('small', 'text', footer));
  for (const one of buttons || []) parts.push(el('span', 'press', one));
  return parts;
}
