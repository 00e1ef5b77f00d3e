/**
 * Makes a body that can be read once fit for more than one attempt: a streamed upload is read into memory, up to 32 MiB.
 * Why: sent to a second endpoint as it is, a stream that was read arrives as an empty file, and the upload "succeeds".
 */
import type { Replay } from '../call/call.ts';

/** The largest streamed upload that is kept in memory, in bytes. */
const LIMIT = 32 * 1_048_576;

/** Anything a request body can be read from only once. */
export function isOneShot(body: unknown): body is ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> {
  if (typeof body !== 'object' || body === null) return false;
  if (body instanceof ReadableStream) return true;
  return Symbol.asyncIterator in body && !(body instanceof Blob);
}

function contentTypeOf(headers: unknown): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  // The SDK's own header bag keeps its values in `values`.
  const bag = 'values' in headers && headers.values instanceof Headers ? headers.values : headers;
  if (bag instanceof Headers) return bag.get('content-type') ?? undefined;
  const entry = Object.entries(bag as Record<string, unknown>).find(([name]) => name.toLowerCase() === 'content-type');
  return typeof entry?.[1] === 'string' ? entry[1] : undefined;
}

function withoutContentType(headers: unknown): unknown {
  const bag = typeof headers === 'object' && headers !== null && 'values' in headers ? headers.values : headers;
  const copy = new Headers(bag as Headers);
  copy.delete('content-type');
  return copy;
}

async function* from(first: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* first;
  for (;;) {
    const { value, done } = await rest.next();
    if (done) return;
    yield value;
  }
}

/** Reads a one-shot body once. The options returned can be sent again unless `replay` says `once`. */
export async function makeReplayable<Options extends { body?: unknown; headers?: unknown }>(
  options: Options,
): Promise<{ options: Options; replay: Extract<Replay, 'free' | 'once'> }> {
  const { body } = options;
  if (!isOneShot(body)) return { options, replay: 'free' };
  const source = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size <= LIMIT) {
    const { value, done } = await source.next();
    if (done) {
      const contentType = contentTypeOf(options.headers);
      const bytes = new Blob(chunks as Uint8Array<ArrayBuffer>[]);
      if (!contentType?.startsWith('multipart/form-data'))
        return { options: { ...options, body: new Uint8Array(await bytes.arrayBuffer()) }, replay: 'free' };
      const form = await new Response(bytes, { headers: { 'content-type': contentType } }).formData();
      return { options: { ...options, body: form, headers: withoutContentType(options.headers) }, replay: 'free' };
    }
    chunks.push(value);
    size += value.byteLength;
  }
  // Larger: what was read goes first, the rest follows; there is no second time.
  const stream = ReadableStream.from(from(chunks, source));
  return { options: { ...options, body: stream }, replay: 'once' };
}
