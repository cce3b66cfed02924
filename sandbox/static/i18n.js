// What the page says, in the browser's language.
// prettier-ignore
const WORDS = {
  en: {
    customers: "Customers", newCustomer: "New customer", name: "Name", number: "Phone number", cancel: "Cancel",
    start: "Start chatting", controls: "Faults and webhooks", channel: "Channel", attach: "Attach", write: "Message",
    voice: "Send a voice note", send: "Send", faults: "Faults", webhooks: "Webhooks", close: "Close",
    business: "The business", online: "online", typing: "typing…", today: "Today", yesterday: "Yesterday",
    photo: "Photo", voiceNote: "Voice note", document: "Document", location: "Location", contact: "Contact",
    sticker: "Sticker", upload: "File…", empty: "Write as the customer. The answer appears here.",
    nobody: "Nobody yet", failed: "Not delivered", reply: "Reply", react: "React", options: "Choose",
    unsupported: "Message of type {type}", template: "Template", latency: "Latency", addFault: "Add",
    probability: "Probability", times: "Times", always: "always", code: "Code", statuses: "Statuses sent",
    window: "24-hour window", all: "all", sent: "sent only", none: "none", later: "failed status later",
    immediate: "refused at once", off: "not checked", readMissing: "Without “read”", deliveredFirst: "“delivered” before “sent”",
    statusBeforeAnswer: "Status before the answer", duplicate: "Sent twice", shuffle: "Out of order", delay: "Delay",
    batch: "Gather for", reset: "Reset all faults", clear: "Clear conversations", sureClear: "Forget all customers and messages?",
    delivery: "Deliveries", posting: "Webhooks to the product", remove: "Remove", noWebhooks: "No webhooks yet.",
    waiting: "waiting", retrying: "retrying", delivered: "delivered", given_up: "given up", attempts: "attempt {n}",
    postsTo: "Posts to {url}", offline: "The sandbox does not answer. Trying again…", tooBig: "The file is larger than 16 MB.",
    model: "Model", you: "You", sharedLocation: "Location", read: "read", accepted: "accepted", queued: "queued",
    timeout_before_accept: "no answer, not accepted", timeout_after_accept: "accepted, no answer", error: "error code",
    "429": "429 too many", "500": "500 error", "503": "503 unavailable", silence: "no statuses", refusal: "refusal",
    empty_answer: "empty answer", malformed: "malformed answer", hint: "Everything here happens on this machine only.",
    newMail: "New mail", toPhone: "To the phone", address: "Mail address", copyTo: "Copy to", subject: "Subject", mails: "Mails", writeMail: "Write a mail",
  },
  es: {
    customers: "Clientes", newCustomer: "Nuevo cliente", name: "Nombre", number: "Número de teléfono", cancel: "Cancelar",
    start: "Empezar a escribir", controls: "Fallos y webhooks", channel: "Canal", attach: "Adjuntar", write: "Mensaje",
    voice: "Enviar nota de voz", send: "Enviar", faults: "Fallos", webhooks: "Webhooks", close: "Cerrar",
    business: "El negocio", online: "en línea", typing: "escribiendo…", today: "Hoy", yesterday: "Ayer",
    photo: "Foto", voiceNote: "Nota de voz", document: "Documento", location: "Ubicación", contact: "Contacto",
    sticker: "Sticker", upload: "Archivo…", empty: "Escribe como el cliente. La respuesta aparece aquí.",
    nobody: "Todavía nadie", failed: "No entregado", reply: "Responder", react: "Reaccionar", options: "Elegir",
    unsupported: "Mensaje de tipo {type}", template: "Plantilla", latency: "Latencia", addFault: "Añadir",
    probability: "Probabilidad", times: "Veces", always: "siempre", code: "Código", statuses: "Estados enviados",
    window: "Ventana de 24 horas", all: "todos", sent: "solo enviado", none: "ninguno", later: "estado fallido después",
    immediate: "rechazo inmediato", off: "sin comprobar", readMissing: "Sin «leído»", deliveredFirst: "«entregado» antes que «enviado»",
    statusBeforeAnswer: "Estado antes de la respuesta", duplicate: "Enviado dos veces", shuffle: "Desordenados", delay: "Retraso",
    batch: "Agrupar durante", reset: "Quitar todos los fallos", clear: "Borrar conversaciones", sureClear: "¿Olvidar todos los clientes y mensajes?",
    delivery: "Entregas", posting: "Webhooks al producto", remove: "Quitar", noWebhooks: "Todavía no hay webhooks.",
    waiting: "en espera", retrying: "reintentando", delivered: "entregado", given_up: "abandonado", attempts: "intento {n}",
    postsTo: "Envía a {url}", offline: "El sandbox no responde. Reintentando…", tooBig: "El archivo pesa más de 16 MB.",
    model: "Modelo", you: "Tú", sharedLocation: "Ubicación", read: "leído", accepted: "aceptado", queued: "en cola",
    timeout_before_accept: "sin respuesta, no aceptado", timeout_after_accept: "aceptado, sin respuesta", error: "código de error",
    "429": "429 demasiados", "500": "500 error", "503": "503 no disponible", silence: "sin estados", refusal: "rechazo",
    empty_answer: "respuesta vacía", malformed: "respuesta malformada", hint: "Todo ocurre solo en esta máquina.",
    newMail: "Nuevo correo", toPhone: "Al teléfono", address: "Dirección de correo", copyTo: "Copia a", subject: "Asunto", mails: "Correos", writeMail: "Escribir un correo",
  },
  pt: {
    customers: "Clientes", newCustomer: "Novo cliente", name: "Nome", number: "Número de telefone", cancel: "Cancelar",
    start: "Começar a conversa", controls: "Falhas e webhooks", channel: "Canal", attach: "Anexar", write: "Mensagem",
    voice: "Enviar mensagem de voz", send: "Enviar", faults: "Falhas", webhooks: "Webhooks", close: "Fechar",
    business: "A empresa", online: "online", typing: "digitando…", today: "Hoje", yesterday: "Ontem",
    photo: "Foto", voiceNote: "Mensagem de voz", document: "Documento", location: "Localização", contact: "Contato",
    sticker: "Figurinha", upload: "Arquivo…", empty: "Escreva como o cliente. A resposta aparece aqui.",
    nobody: "Ninguém ainda", failed: "Não entregue", reply: "Responder", react: "Reagir", options: "Escolher",
    unsupported: "Mensagem do tipo {type}", template: "Modelo", latency: "Latência", addFault: "Adicionar",
    probability: "Probabilidade", times: "Vezes", always: "sempre", code: "Código", statuses: "Status enviados",
    window: "Janela de 24 horas", all: "todos", sent: "só enviado", none: "nenhum", later: "status de falha depois",
    immediate: "recusa imediata", off: "sem verificar", readMissing: "Sem “lido”", deliveredFirst: "“entregue” antes de “enviado”",
    statusBeforeAnswer: "Status antes da resposta", duplicate: "Enviado duas vezes", shuffle: "Fora de ordem", delay: "Atraso",
    batch: "Agrupar por", reset: "Remover todas as falhas", clear: "Apagar conversas", sureClear: "Esquecer todos os clientes e mensagens?",
    delivery: "Entregas", posting: "Webhooks para o produto", remove: "Remover", noWebhooks: "Nenhum webhook ainda.",
    waiting: "esperando", retrying: "tentando de novo", delivered: "entregue", given_up: "abandonado", attempts: "tentativa {n}",
    postsTo: "Envia para {url}", offline: "O sandbox não responde. Tentando de novo…", tooBig: "O arquivo tem mais de 16 MB.",
    model: "Modelo de IA", you: "Você", sharedLocation: "Localização", read: "lido", accepted: "aceito", queued: "na fila",
    timeout_before_accept: "sem resposta, não aceito", timeout_after_accept: "aceito, sem resposta", error: "código de erro",
    "429": "429 demais", "500": "500 erro", "503": "503 indisponível", silence: "sem status", refusal: "recusa",
    empty_answer: "resposta vazia", malformed: "resposta malformada", hint: "Tudo acontece só nesta máquina.",
    newMail: "Novo e-mail", toPhone: "Ao telefone", address: "Endereço de e-mail", copyTo: "Cópia para", subject: "Assunto", mails: "E-mails", writeMail: "Escrever um e-mail",
  },
};

const asked = (navigator.languages ?? [navigator.language]).map((tag) => tag.slice(0, 2));
export const language = asked.find((tag) => tag in WORDS) ?? 'en';

export function t(key, values = {}) {
  const text = WORDS[language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** @type {(selector: string) => Iterable<HTMLElement>} */
const all = (selector) => document.querySelectorAll(selector);

// Fills the texts that index.html marks with data-t, data-label and data-placeholder.
export function translatePage() {
  document.documentElement.lang = language;
  for (const node of all('[data-t]')) node.textContent = t(node.dataset.t);
  for (const node of all('[data-label]')) {
    node.setAttribute('aria-label', t(node.dataset.label));
    if (node.tagName === 'BUTTON') node.title = t(node.dataset.label);
  }
  for (const node of all('[data-placeholder]')) node.setAttribute('placeholder', t(node.dataset.placeholder));
}
