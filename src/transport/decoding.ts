/** Takes the content encodings off a body on its way in. */
import { Transform, type TransformCallback } from 'node:stream';
import zlib, { type BrotliOptions, type ZlibOptions, type ZstdOptions } from 'node:zlib';
import { type Flow, Incoming, type Sink } from './incoming.ts';

/** What came is handed on at once, and a body may end without the encoding's own end: as the standard fetch does. */
const FLUSHED: ZlibOptions = { flush: zlib.constants.Z_SYNC_FLUSH, finishFlush: zlib.constants.Z_SYNC_FLUSH };
const BROTLI: BrotliOptions = {
  flush: zlib.constants.BROTLI_OPERATION_FLUSH,
  finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
};
/** A sender may ask for 8 MiB of window at most (RFC 9659). */
const zstd = (): ZstdOptions => ({ params: { [zlib.constants.ZSTD_d_windowLogMax]: 23 } });

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
    // What follows the end of the encoding is passed over, as the other decoders do.
    if (!this.#inner || this.#inner.readableEnded) done();
    else this.#inner.on('end', () => done()).end();
  }
}

/** Node has zstd since 22.15. */
const hasZstd = typeof (zlib as Partial<typeof zlib>).createZstdDecompress === 'function';

const DECODERS: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ['gzip', () => zlib.createGunzip(FLUSHED)],
  ['x-gzip', () => zlib.createGunzip(FLUSHED)],
  ['deflate', () => new Inflate()],
  ['br', () => zlib.createBrotliDecompress(BROTLI)],
  ...(hasZstd ? [['zstd', () => zlib.createZstdDecompress(zstd())] as const] : []),
]);

/** A reply that is packed more often than that is meant to do harm; the standard fetch draws the line there, too. */
const MOST_ENCODINGS = 5;

/** The encodings that are asked for, as the standard fetch does. */
export const acceptEncoding = (secure: boolean): string =>
  secure ? `br, gzip, deflate${hasZstd ? ', zstd' : ''}` : 'gzip, deflate';

class Decoding implements Sink, Flow {
  readonly body = new Incoming(this);
  readonly #stages: readonly Transform[];
  readonly #first: Transform;
  readonly #last: Transform;
  readonly #flow: Flow;

  constructor(stages: readonly Transform[], flow: Flow) {
    this.#stages = stages;
    this.#flow = flow;
    this.#first = stages[0] as Transform;
    this.#last = stages.at(-1) as Transform;
    for (const [index, stage] of stages.entries()) {
      stage.on('error', (error) => this.body.destroy(error));
      if (index > 0) stages[index - 1]?.pipe(stage);
    }
    this.#first.on('drain', () => flow.resume());
    this.#last.on('data', (part: Buffer) => this.body.push(part)).on('end', () => this.body.end());
  }

  push(part: Buffer): void {
    if (!this.#first.write(part)) this.#flow.pause();
  }

  end(): void {
    this.#first.end();
  }

  fail(error: unknown): void {
    this.body.fail(error);
    for (const stage of this.#stages) stage.destroy();
  }

  pause(): void {
    this.#last.pause();
  }

  resume(): void {
    this.#last.resume();
  }

  abort(reason: Error): void {
    this.#flow.abort(reason);
    for (const stage of this.#stages) stage.destroy();
  }
}

/**
 * Where the bytes of a body go, and the body that comes of them; as they are where one of the encodings is unknown.
 * @throws when there are too many encodings.
 */
export function decoding(encodings: string | null, flow: Flow): { readonly sink: Sink; readonly body: Incoming } {
  const names = encodings === null ? [] : encodings.toLowerCase().split(',').reverse();
  if (names.length > MOST_ENCODINGS)
    throw new Error(`too many content encodings in a reply: ${names.length}, and at most ${MOST_ENCODINGS} are undone`);
  const decoders = names.map((name) => DECODERS.get(name.trim()));
  if (decoders.length === 0 || !decoders.every((decoder) => decoder !== undefined)) {
    const body = new Incoming(flow);
    return { sink: body, body };
  }
  const sink = new Decoding(
    decoders.map((make) => make()),
    flow,
  );
  return { sink, body: sink.body };
}
