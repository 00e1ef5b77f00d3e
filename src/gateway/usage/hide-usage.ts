/**
 * Takes out of a stream what came only because the gateway asked for it: the chunk that tells the usage and nothing else, and the
 * `"usage":null` of all others. What is left are the bytes that the client would have got without us.
 */
import { Blocks } from '../../sdk/blocks.ts';
import { memberIn, withoutMember } from './members.ts';

const WORD = Buffer.from('"usage"');

/** What is left of one event, with its blank line; `undefined` = nothing. */
export function withoutUsage(block: Buffer): Buffer | undefined {
  if (!block.includes(WORD)) return block;
  // Bytes as letters: every one of them comes back as it was.
  const text = block.toString('latin1');
  const [from, to] = [text.indexOf('{'), text.lastIndexOf('}') + 1];
  const data = text.slice(from, to);
  let value: { usage?: unknown; choices?: unknown };
  try {
    value = JSON.parse(data) as typeof value;
  } catch {
    return block;
  }
  const { usage, choices } = value;
  if (typeof usage === 'object' && usage !== null) {
    return Array.isArray(choices) && choices.length === 0 ? undefined : block;
  }
  const place = usage === null ? memberIn(data, 'usage') : undefined;
  if (!place) return block;
  return Buffer.from(text.slice(0, from) + withoutMember(data, place) + text.slice(to), 'latin1');
}

/** The body of an event stream without it, as fast as it is read. */
export function hideUsage(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const blocks = new Blocks();
  const rid = (controller: TransformStreamDefaultController<Uint8Array>) => {
    const left: Buffer[] = [];
    for (let block = blocks.next(); block; block = blocks.next()) {
      const kept = withoutUsage(block);
      if (kept) left.push(kept);
    }
    if (left.length > 0) controller.enqueue(left.length === 1 ? (left[0] as Buffer) : Buffer.concat(left));
  };
  const hiding = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      blocks.add(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
      rid(controller);
    },
    flush(controller) {
      const rest = blocks.rest();
      const kept = rest && withoutUsage(rest);
      if (kept) controller.enqueue(kept);
    },
  });
  return body.pipeThrough(hiding);
}
