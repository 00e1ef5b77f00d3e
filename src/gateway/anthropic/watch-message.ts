/** Looks at a message's stream as it passes, byte for byte: what it used, and whether it came to its end. */
import { isObject, type Loose } from './read-fields.ts';
import { ServerEvents } from './server-events.ts';

/** Only these events say something that counts here; the rest is not read. */
const TELLING = /"(usage|message_stop|error)"/;

/** What is known of a stream that passes. */
export class MessageWatch {
  readonly #events = new ServerEvents();
  #usage: Loose | undefined;
  #over = false;

  /** What it used, as far as it said. */
  get usage(): Loose | undefined {
    return this.#usage;
  }

  /** It ended with its own end, or with an error. */
  get over(): boolean {
    return this.#over;
  }

  /** A piece passes. */
  see(piece: Uint8Array): void {
    for (const event of this.#events.take(piece))
      if (event.is === 'data' && TELLING.test(event.data)) this.#read(event.data);
  }

  #read(data: string): void {
    try {
      const event: unknown = JSON.parse(data);
      if (!isObject(event)) return;
      const { type, usage, message } = event;
      if (type === 'message_stop' || type === 'error') this.#over = true;
      const told = usage ?? (isObject(message) ? message.usage : undefined);
      if (!isObject(told)) return;
      const numbers = Object.entries(told).filter(([, value]) => typeof value === 'number');
      this.#usage = { ...this.#usage, ...Object.fromEntries(numbers) };
    } catch {
      // Its reader will say so.
    }
  }
}

/** The same stream, watched. It breaks when it ends before its end. */
export function watched(body: ReadableStream<Uint8Array>, watch: MessageWatch): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await reader.read();
        if (value) {
          watch.see(value);
          controller.enqueue(value);
        }
        if (!done) return;
        if (watch.over) controller.close();
        else controller.error(new Error('The stream ended without message_stop.'));
      },
      cancel: (reason) => reader.cancel(reason),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
  );
}
