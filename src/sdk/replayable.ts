/**
 * Makes a body that can be read once fit for more than one attempt: a streamed upload is read into memory, up to 32 MiB.
 * Why: sent to a second endpoint as it is, a stream that was read arrives as an empty file, and the upload "succeeds".
 */
import type { Replay } from '../call/call.ts';
import { FormBytes } from '../call/form-bytes.ts';
import type { Clock } from '../clock.ts';
import { abortError, timeoutError } from '../errors.ts';

/** The largest streamed upload that is kept in memory, in bytes. */
const LIMIT = 32 * 1_048_576;

/** Anything a request body can be read from only once. */
export function isOneShot(body: unknown): body is ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> {
  if (typeof body !== 'object' || body === null) return false;
  if (body instanceof ReadableStream) return true;
  return Symbol.asyncIterator in body && !(body instanceof Blob);
}

/** The values of a header bag in any form the SDK takes: its own bag, `Headers`, a list or an object. */
function valuesOf(headers: unknown): Headers {
  if (headers instanceof Headers) return headers;
  if (typeof headers !== 'object' || headers === null) return new Headers();
  if ('values' in headers && headers.values instanceof Headers) return headers.values;
  const rows = Array.isArray(headers) ? (headers as Array<[string, unknown]>) : Object.entries(headers);
  return new Headers(rows.filter(([, value]) => typeof value === 'string') as Array<[string, string]>);
}

/** A copy of a header bag, changed. What the caller removed stays removed. */
export function changedHeaders(headers: unknown, change: (values: Headers) => void): unknown {
  const values = new Headers(valuesOf(headers));
  change(values);
  const bag = headers as { nulls?: unknown } | null | undefined;
  return bag?.nulls instanceof Set && bag.nulls.size > 0 ? { ...bag, values } : values;
}

/** A multipart body as it came, else as form data; `undefined` when it cannot be read as such. */
async function formOf(chunks: readonly Uint8Array[], contentType: string): Promise<FormBytes | FormData | undefined> {
  // The chunks are the caller's, who may use them for other things by the time of a second attempt.
  const asItCame =
    chunks.every((chunk) => chunk instanceof Uint8Array) && FormBytes.read([Buffer.concat(chunks)], contentType);
  if (asItCame instanceof FormBytes) return asItCame;
  try {
    return await new Response(new Blob(chunks as Uint8Array<ArrayBuffer>[]), {
      headers: { 'content-type': contentType },
    }).formData();
  } catch {
    return undefined;
  }
}

/** A body being read. */
interface Source {
  next(): Promise<{ done?: boolean | undefined; value?: unknown }>;
  /** Reads no more and lets go of what is behind the body, also while a read is pending. */
  close(): void;
}

/** Why not its iterator alone: an iterator's `return()` waits for the read that is pending, and a stalled one never ends. */
function sourceOf(body: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>): Source {
  const quiet = () => undefined;
  if (body instanceof ReadableStream) {
    const reader = body.getReader();
    return { next: () => reader.read(), close: () => void reader.cancel().catch(quiet) };
  }
  const iterator = body[Symbol.asyncIterator]();
  return {
    next: () => iterator.next(),
    close() {
      (body as { destroy?: () => void }).destroy?.();
      void Promise.resolve(iterator.return?.()).catch(quiet);
    },
  };
}

async function* from(first: readonly Uint8Array[], rest: Source): AsyncGenerator<Uint8Array> {
  try {
    yield* first;
    for (;;) {
      const { value, done } = await rest.next();
      if (done) return;
      yield value as Uint8Array;
    }
  } finally {
    // An upload that ends early closes its file.
    rest.close();
  }
}

/**
 * Reads a one-shot body once. The options returned can be sent again unless `replay` says `once`.
 * @param stop aborted when nobody waits for it any more: then no more is read, and the body is closed.
 */
export async function makeReplayable<Options extends { body?: unknown; headers?: unknown }>(
  options: Options,
  stop?: AbortSignal,
): Promise<{ options: Options; replay: Extract<Replay, 'free' | 'once'> }> {
  const { body } = options;
  if (!isOneShot(body)) return { options, replay: 'free' };
  const source = sourceOf(body);
  stop?.addEventListener('abort', () => source.close(), { once: true });
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size <= LIMIT) {
    const { value, done } = await source.next();
    stop?.throwIfAborted();
    if (done) {
      const contentType = valuesOf(options.headers).get('content-type') ?? '';
      const form = contentType.startsWith('multipart/form-data') ? await formOf(chunks, contentType) : undefined;
      if (form instanceof FormBytes) return { options: { ...options, body: form }, replay: 'free' };
      if (form) {
        // The new encoding of the body sets its own.
        const headers = changedHeaders(options.headers, (values) => values.delete('content-type'));
        return { options: { ...options, body: form, headers }, replay: 'free' };
      }
      const bytes = await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer();
      return { options: { ...options, body: new Uint8Array(bytes) }, replay: 'free' };
    }
    chunks.push(value as Uint8Array);
    size += (value as Uint8Array).byteLength;
  }
  // Larger: what was read goes first, the rest follows; there is no second time.
  const stream = ReadableStream.from(from(chunks, source));
  return { options: { ...options, body: stream }, replay: 'once' };
}

/**
 * The options of a call as they can be sent, within the call's own bounds: reading a body that stalls must not outlast them.
 * @param mayMove false when there will be one attempt only: then nothing is read ahead.
 * @param timeout ms.
 * @throws as the SDK does when time is up or the caller aborts.
 */
export async function prepared<
  Options extends { body?: unknown; headers?: unknown; signal?: AbortSignal | null | undefined },
>(
  options: Options,
  mayMove: boolean,
  timeout: number,
  clock: Clock,
): Promise<{ options: Options; replay: Extract<Replay, 'free' | 'once'> }> {
  if (!isOneShot(options.body)) return { options, replay: 'free' };
  if (!mayMove) return { options, replay: 'once' };
  const signal = options.signal ?? undefined;
  const given = new AbortController();
  let unbind: () => void = () => undefined;
  const bounded = new Promise<never>((_, reject) => {
    const cancel = clock.after(timeout, () => reject(timeoutError()));
    const abort = () => reject(abortError(signal));
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    unbind = () => {
      cancel();
      signal?.removeEventListener('abort', abort);
    };
  });
  try {
    return await Promise.race([bounded, makeReplayable(options, given.signal)]);
  } catch (error) {
    // Given up: whoever feeds the body must not go on filling the memory for nobody.
    given.abort();
    throw error;
  } finally {
    unbind();
  }
}
