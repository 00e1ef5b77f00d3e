/**
 * Healthy answers of thread runs, which are objects and may be streamed, and of `POST /threads/runs`, which makes both.
 */
import { objectReply } from './healthy-objects.ts';
import { type Ask, epochSeconds, fieldsOf, frame, type Reply, refusal, textPieces, wantsStream } from './reply.ts';

/** Creates a thread and a run in it. */
export function threadAndRun(ask: Ask): Reply {
  const id = ask.shelf.newId('thread_');
  ask.shelf.put('threads', { id, object: 'thread', created_at: epochSeconds(), metadata: {}, tool_resources: null });
  const route = `/threads/${id}/runs`;
  return run({ ...ask, request: { ...ask.request, route } }) ?? refusal(404, 'No such thread.');
}

/** Creates a run; undefined when the path is none of a run. */
export function run(ask: Ask): Reply | undefined {
  const reply = objectReply(ask);
  if (reply?.is !== 'whole' || reply.status !== 200 || !wantsStream(ask)) return reply;
  const made = JSON.parse(reply.bytes.toString());
  const model = fieldsOf(ask).model ?? null;
  const pieces = textPieces(ask, `Hello from ${ask.server}.`);
  const id = ask.shelf.newId('msg_');
  const written = (value: string) => [{ type: 'text', text: { value, annotations: [] } }];
  const message = { id, object: 'thread.message', thread_id: made.thread_id, role: 'assistant', attachments: [] };
  const whole = { ...message, status: 'completed', created_at: epochSeconds(), content: written(pieces.join('')) };
  ask.shelf.put(`threads/${made.thread_id}/messages`, whole);
  const opening = frame({ ...message, status: 'in_progress', content: [] }, 'thread.message.created');
  const deltas = pieces.map((piece) => {
    const delta = { content: written(piece).map((part) => ({ index: 0, ...part })) };
    return frame({ id, object: 'thread.message.delta', delta }, 'thread.message.delta');
  });
  return {
    is: 'events',
    preamble: [frame({ ...made, model, status: 'queued' }, 'thread.run.created')],
    content: deltas.map((delta, i) => (i === 0 ? opening + delta : delta)),
    ending: [
      ...(deltas.length === 0 ? [opening] : []),
      frame(whole, 'thread.message.completed'),
      frame({ ...made, model }, 'thread.run.completed'),
      frame('[DONE]', 'done'),
    ],
  };
}
