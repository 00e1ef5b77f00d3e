/**
 * The events of a message, made from the chunks of a completion. A message's blocks come one after the other, while chat may write
 * several calls at once: a block begins when the one before is whole, and what comes for it earlier waits. Pure but for what it keeps.
 */
import { endOf, type MessageEnd, messageUsage } from './message-end.ts';
import { isObject, type Loose } from './read-fields.ts';

/** An event of a message's stream. */
export type MessageEvent = Loose & { readonly type: string };

interface OpenBlock {
  readonly kind: 'text' | 'tool';
  /** The call's place in the completion. */
  readonly place: number;
  id: string;
  name: string;
  /** Everything so far, and how much of it went out. */
  text: string;
  sent: number;
  begun: boolean;
}

function isWhole({ kind, text }: OpenBlock): boolean {
  if (kind === 'text') return true;
  try {
    return isObject(JSON.parse(text));
  } catch {
    return false;
  }
}

/** One message on its way. */
export class MessageStream {
  readonly #id: string;
  #model: string;
  /** The first one is open; the others wait. */
  #blocks: OpenBlock[] = [];
  #index = 0;
  /** Places of calls that went out whole: what comes for them still is white space. */
  readonly #over = new Set<number>();
  #started = false;
  #calls = false;
  #refused = false;
  #choice: Loose = {};
  #usage: unknown;

  constructor(id: string, model: string) {
    this.#id = id;
    this.#model = model;
  }

  /** Somebody shows that he is still there. */
  ping(): MessageEvent[] {
    return [...this.#start(), { type: 'ping' }];
  }

  /** The events that a chunk makes. */
  take(chunk: Loose): MessageEvent[] {
    if (!this.#started && typeof chunk.model === 'string') this.#model = chunk.model;
    if (isObject(chunk.usage)) this.#usage = chunk.usage;
    const choice: unknown = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
    const events = this.#start();
    if (!isObject(choice)) return events;
    if (typeof choice.finish_reason === 'string') this.#choice = choice;
    const delta = isObject(choice.delta) ? choice.delta : {};
    this.#say(delta.content);
    if (typeof delta.refusal === 'string' && delta.refusal !== '') {
      this.#refused = true;
      this.#say(delta.refusal);
    }
    const calls: unknown[] = Array.isArray(delta.tool_calls) ? delta.tool_calls : [];
    for (const call of calls) if (isObject(call)) this.#call(call);
    return [...events, ...this.#flow(false)];
  }

  /** The last events, when the completion is whole. */
  end(): MessageEvent[] {
    const end: MessageEnd = endOf(this.#choice, this.#calls, this.#refused);
    return [
      ...this.#start(),
      ...this.#flow(true),
      { type: 'message_delta', delta: end, usage: messageUsage(this.#usage) },
      { type: 'message_stop' },
    ];
  }

  #start(): MessageEvent[] {
    if (this.#started) return [];
    this.#started = true;
    const rest = { content: [], stop_reason: null, stop_sequence: null, usage: messageUsage(undefined) };
    const message = { id: this.#id, type: 'message', role: 'assistant', model: this.#model, ...rest };
    return [{ type: 'message_start', message }, { type: 'ping' }];
  }

  #add(kind: OpenBlock['kind'], place: number, id = '', name = ''): OpenBlock {
    const block: OpenBlock = { kind, place, id, name, text: '', sent: 0, begun: false };
    this.#blocks.push(block);
    return block;
  }

  #say(text: unknown): void {
    if (typeof text !== 'string' || text === '') return;
    const last = this.#blocks.at(-1);
    const block = last?.kind === 'text' ? last : this.#add('text', -1);
    block.text += text;
  }

  #call(call: Loose): void {
    const { name, arguments: more } = (isObject(call.function) ? call.function : {}) as Loose;
    const id = typeof call.id === 'string' ? call.id : '';
    const place = typeof call.index === 'number' ? call.index : 0;
    const known = this.#blocks.findLast((block) => block.kind === 'tool' && block.place === place);
    if (!known && id === '' && this.#over.has(place)) return;
    // Some endpoints write each call whole and all of them under one number.
    const isOther = !known || (id !== '' && known.id !== '' && known.id !== id);
    const block = isOther ? this.#add('tool', place) : known;
    this.#calls = true;
    block.id ||= id;
    if (typeof name === 'string') block.name ||= name;
    if (typeof more === 'string') block.text += more;
  }

  /** What can go out now. @param all nothing more will come. */
  #flow(all: boolean): MessageEvent[] {
    const events: MessageEvent[] = [];
    for (;;) {
      const [block, next] = this.#blocks;
      if (!block) return events;
      if (!block.begun && block.kind === 'tool' && block.name === '' && !all) return events;
      events.push(...this.#write(block));
      if (!all && !(next && isWhole(block))) return events;
      events.push({ type: 'content_block_stop', index: this.#index });
      this.#index += 1;
      this.#over.add(block.place);
      this.#blocks.shift();
    }
  }

  #write(block: OpenBlock): MessageEvent[] {
    const { kind, id, name, text, sent, begun } = block;
    const index = this.#index;
    const events: MessageEvent[] = [];
    const isText = kind === 'text';
    if (!begun) {
      const content_block = isText
        ? { type: 'text', text: '', citations: null }
        : { type: 'tool_use', id: id || `${this.#id}_${index}`, name, input: {} };
      events.push({ type: 'content_block_start', index, content_block });
      block.begun = true;
    }
    const more = text.slice(sent);
    block.sent = text.length;
    const delta = isText ? { type: 'text_delta', text: more } : { type: 'input_json_delta', partial_json: more };
    if (more !== '') events.push({ type: 'content_block_delta', index, delta });
    return events;
  }
}
