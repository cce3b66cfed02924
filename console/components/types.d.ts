// Data from the server, as console/components/*.py build it.

/** A row of the conversation list (inbox_list.py: row_data); `views` are those that it belongs to now. Of a
 * conversation that is not visible any more: id and no views. */
export interface Row {
  id: number;
  views?: string[];
  name: string;
  kind: string;
  status: 'open' | 'snoozed' | 'closed';
  bot: boolean;
  agent: number | null;
  who: string | null;
  group: string | null;
  unread: number;
  urgent: number;
  tags: string[];
  waiting: string | null;
  unsent: string | null;
  closing: string | null;
  until: string | null;
  at: string;
  text: string;
  type: string;
}

/** A message before the server has it (thread/outbox.js). */
export interface OutboxItem {
  token: string;
  sent?: boolean;
  conversation: number;
  at: string;
  text: string;
  note?: boolean;
  replyTo?: string;
  file?: { id: number; name: string; mime: string };
  template?: object;
  place?: { latitude: number; longitude: number; name: string };
}
