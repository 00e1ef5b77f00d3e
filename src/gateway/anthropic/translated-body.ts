/** Bodies of chat replies as bodies of messages: whole ones, errors, and streams, event by event as they come. */
import { Refused } from '../http/api-error.ts';
import { messageError, messageIn } from './message-error.ts';
import { messageOf } from './message-reply.ts';
import { MessageStream } from './message-stream.ts';
import { isObject, type Loose } from './read-fields.ts';
import { type ServerEvent, ServerEvents, written } from './server-events.ts';

/** What a message is called, and who was asked for it. */
export interface MessageName {
  readonly id: string;
  readonly model: string;
}

type Body = ReadableStream<Uint8Array> | null;

async function jsonIn(body: Body): Promise<unknown> {
  const text = await new Response(body).text();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A whole completion. @throws Refused when it is none. */
export async function translatedMessage(body: Body, { id, model }: MessageName): Promise<Loose> {
  const completion = await jsonIn(body);
  if (!isObject(completion)) {
    const message = 'The endpoint answered with something that is no completion.';
    throw new Refused({ status: 502, message, code: 'bad_reply' });
  }
  return messageOf(completion, id, model);
}

/** An error reply. @param call the call's id. */
export async function translatedError(status: number, body: Body, call: string): Promise<object> {
  const said = messageIn(await jsonIn(body)) ?? `The endpoint answered with status ${status}.`;
  return messageError({ status, message: said }, call);
}

/** A stream. It breaks where the completion's stream breaks, and ends as a message only where that is whole. */
export function translatedStream(body: ReadableStream<Uint8Array>, { id, model }: MessageName): typeof body {
  const [reader, events, stream] = [body.getReader(), new ServerEvents(), new MessageStream(id, model)];
  let failed = false;
  const eventsOf = (event: ServerEvent): { readonly type: string }[] => {
    if (event.is === 'comment') return stream.ping();
    if (failed || event.data === '[DONE]') return [];
    const chunk: unknown = JSON.parse(event.data);
    if (!isObject(chunk)) return [];
    if (chunk.error === undefined || chunk.error === null) return stream.take(chunk);
    failed = true;
    return [messageError({ status: 502, message: messageIn(chunk) ?? 'The endpoint failed.' })];
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          const { value, done } = await reader.read();
          const made = value ? events.take(value).flatMap(eventsOf) : [];
          if (done && !failed) made.push(...stream.end());
          if (made.length > 0) controller.enqueue(Buffer.from(made.map(written).join('')));
          if (done) return controller.close();
          if (made.length > 0) return;
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
  );
}
