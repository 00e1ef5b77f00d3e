/** The bytes of a reply's body, its content encodings taken off, with the errors that the standard fetch would throw. */
import { type Readable, Transform, type TransformCallback } from 'node:stream';
import zlib, { type BrotliOptions, type ZlibOptions } from 'node:zlib';
import type { Dispatcher } from 'undici';

/** A body as undici hands it over, or what decodes it. */
export type Source = Dispatcher.ResponseData['body'] | Readable;

/** What came is handed on at once, and a body may end without the encoding's own end: as the standard fetch does. */
const FLUSHED: ZlibOptions = { flush: zlib.constants.Z_SYNC_FLUSH, finishFlush: zlib.constants.Z_SYNC_FLUSH };
const BROTLI: BrotliOptions = {
  flush: zlib.constants.BROTLI_OPERATION_FLUSH,
  finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
};

/** Some servers leave out the wrapping that `deflate` should have; the first byte tells. */
class Inflate extends Transform {
  #inner: zlib.Inflate | zlib.InflateRaw | undefined;

  override _transform(chunk: Buffer, encoding: BufferEncoding, done: TransformCallback): void {
    if (!this.#inner) {
      const wrapped = ((chunk[0] as number) & 0x0f) === 0x08;
      this.#inner = wrapped ? zlib.createInflate(FLUSHED) : zlib.createInflateRaw(FLUSHED);
      this.#inner.on('data', (part: Buffer) => this.push(part)).on('error', (error) => this.destroy(error));
    }
    this.#inner.write(chunk, encoding, done);
  }

  override _flush(done: TransformCallback): void {
    if (this.#inner) this.#inner.on('end', () => done()).end();
    else done();
  }
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => zlib.createGunzip(FLUSHED),
  'x-gzip': () => zlib.createGunzip(FLUSHED),
  deflate: () => new Inflate(),
  br: () => zlib.createBrotliDecompress(BROTLI),
};

/** The encodings that are asked for, as the standard fetch does. */
export const acceptEncoding = (secure: boolean): string => (secure ? 'br, gzip, deflate' : 'gzip, deflate');

/** The body without its content encodings; the same where there is none, or one that nobody asked for. */
export function decoded(source: Source, encoding: string | null): Source {
  if (encoding === null) return source;
  let body = source;
  for (const name of encoding.toLowerCase().split(',').reverse()) {
    const decoder = DECODERS[name.trim()]?.();
    if (!decoder) return body;
    const before = body;
    // Not `pipeline`: the first error is the one that counts, and a reader who leaves frees the connection.
    before.on('error', (error: Error) => decoder.destroy(error));
    // Told to whoever reads; while nobody does, it must not end the process.
    decoder.on('error', () => undefined);
    decoder.on('close', () => before.destroy());
    body = before.pipe(decoder);
  }
  return body;
}

/** What an aborted fetch rejects with. */
export function abortReason(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException('This operation was aborted', 'AbortError');
}

/** An error of the transfer as the standard fetch throws it. */
export function transferError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return abortReason(signal);
  return new TypeError('terminated', { cause: error });
}

/** All bytes of a body. */
export async function bytesOf(body: Source): Promise<Buffer<ArrayBuffer>> {
  if ('bytes' in body) return Buffer.from((await body.bytes()).buffer as ArrayBuffer);
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The whole text of a body, less a byte order mark. */
export async function textOf(body: Source): Promise<string> {
  return 'text' in body ? body.text() : new TextDecoder().decode(await bytesOf(body));
}
