/**
 * Reads the events of a streamed reply. Plain ones it takes itself; from the first that is out of the ordinary on, and whenever
 * the transfer breaks or is aborted, the SDK's own decoder reads the rest. Why: it spends more on an event than the network does.
 */
import type { Clock } from '../clock.ts';
import type { EventSource, Taker } from '../dispatch/watched.ts';
import { badReplyError } from '../errors.ts';
import { chunksOf } from '../transport/fast-response.ts';
import { webBody } from '../transport/foreign-response.ts';
import { Arrivals } from './arrivals.ts';
import { Blocks, bytesOf } from './blocks.ts';
import { END, NAME_ONLY, ODD, plainEvent, SILENT } from './plain-event.ts';
import type { ByteKeeper } from './reading.ts';
import { seeOut } from './see-out.ts';

/** More must be read. */
const MORE = Symbol('more');
type Reader = Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel' | 'releaseLock'>;
type Result = Awaited<ReturnType<Reader['read']>>;

/** The events of one reply. */
export class EventReader implements EventSource<unknown> {
  /** What is noted of its bytes. */
  readonly arrivals: Arrivals;
  readonly #bytes: ByteKeeper | undefined;
  readonly #sdk: () => AsyncIterator<unknown>;
  readonly #open: () => Reader;
  readonly #blocks: Blocks;
  #reader: Reader | undefined;
  #reading: Promise<void> | undefined;
  #ours: boolean;
  /** The SDK's decoder, once it reads. */
  #theirs: AsyncIterator<unknown> | undefined;
  /** Waits for an event that is plain. */
  #to: Taker<unknown> | undefined;
  /** What was cut off last and not yet taken. */
  #block: Buffer | undefined;
  #failure: { readonly error: unknown } | undefined;
  #transferred = false;
  #ended = false;
  /** The stream ended with `[DONE]`. */
  sawDone = false;

  /**
   * Puts itself between the body of `response` and the SDK.
   * @param sdk begins to decode that body as the SDK does.
   * @param options.plain false = the SDK was asked for another form of events than its usual one.
   * @throws when the reply has no body.
   */
  constructor(
    response: Response,
    clock: Clock,
    sdk: () => AsyncIterator<unknown>,
    options: { bytes?: ByteKeeper | undefined; plain?: boolean; longest?: number } = {},
  ) {
    const direct = chunksOf(response);
    const body = direct ? null : webBody(response);
    if (!direct && !body) throw badReplyError('The reply is empty although its status says success.');
    this.arrivals = new Arrivals(clock);
    this.#sdk = sdk;
    this.#bytes = options.bytes;
    this.#ours = options.plain ?? true;
    this.#blocks = new Blocks(options.longest);
    const open = () => direct ?? (body as ReadableStream<Uint8Array>).getReader();
    this.#open = open;
    const cancel = async () => (this.sawDone ? undefined : this.#cancel());
    const reader = { read: () => this.#give(), cancel, releaseLock: () => undefined };
    const value = { getReader: () => reader, cancel, locked: false };
    Object.defineProperty(value, 'locked', { get: () => this.#reader !== undefined || body?.locked === true });
    Object.defineProperty(response, 'body', { value, configurable: true });
  }

  pull(to: Taker<unknown>): void {
    this.#to = to;
    if (this.#ours) this.#readOn();
    else this.#ask();
  }

  /** The request was aborted: the SDK knows what that means for events that came before. */
  aborted(): void {
    if (this.#ours) this.#handOver();
  }

  async leave(): Promise<void> {
    if (this.#theirs) await this.#theirs.return?.();
    else if (this.#reader) void this.#cancel();
  }

  #readOn(): void {
    const event = this.#next();
    if (event === MORE) return void this.#more();
    if (event === ODD || event === NAME_ONLY) return void this.#handOver();
    const to = this.#to as Taker<unknown>;
    this.#to = undefined;
    this.#block = undefined;
    if (event === END) to.ended();
    else to.came(event);
  }

  /** The next event, or what there is in its place; `#block` holds its bytes. Comments and the like are passed over. */
  #next(): unknown {
    while (!this.#ended) {
      const whole = this.#failure ? undefined : this.#cut();
      if (this.#failure) return ODD;
      if (!whole && !this.#transferred) return MORE;
      const block = whole ?? this.#blocks.rest();
      if (!block) break;
      const event = plainEvent(block);
      // The SDK takes an event without data for broken JSON; for every other reader it is none.
      const silent = event === SILENT || (event === NAME_ONLY && this.#bytes !== undefined);
      this.#bytes?.came(block, silent);
      if (silent) continue;
      this.#block = block;
      if (event !== END) return whole ? event : ODD;
      this.sawDone = true;
      this.#ended = true;
      if (this.#reader && !this.#transferred) seeOut(this.#reader, this.arrivals.clock, () => void this.#cancel());
    }
    return END;
  }

  #cut(): Buffer | undefined {
    try {
      return this.#blocks.next();
    } catch (error) {
      this.#failure = { error };
      void this.#cancel();
      return undefined;
    }
  }

  /** Reads on. Told to whoever waits, not by the promise: that is for the SDK's decoder. */
  #more(): Promise<void> {
    if (this.#reading) return this.#reading;
    try {
      this.#reader ??= this.#open();
      const reading = this.#reader.read().then(this.#came, this.#broke);
      this.#reading = reading;
      return reading;
    } catch (error) {
      this.#broke(error);
      return Promise.resolve();
    }
  }

  readonly #came = ({ value, done }: Result): void => {
    this.#reading = undefined;
    if (done) {
      this.#transferred = true;
      this.#reader?.releaseLock();
    } else {
      const bytes = bytesOf(value);
      if (!bytes) return void this.#broke(new TypeError('A body is made of bytes.'));
      this.arrivals.note(bytes);
      this.#blocks.add(bytes);
    }
    if (this.#ours && this.#to) this.#readOn();
  };

  readonly #broke = (error: unknown): void => {
    this.#reading = undefined;
    this.#failure ??= { error };
    if (this.#ours && this.#to) this.#handOver();
  };

  #handOver(): void {
    this.#ours = false;
    if (this.#to) this.#ask();
  }

  #ask(): void {
    const to = this.#to as Taker<unknown>;
    this.#to = undefined;
    this.#theirs ??= this.#sdk();
    this.#theirs.next().then(
      ({ value, done }) => (done ? to.ended() : to.came(value)),
      (error: unknown) => to.broke(error),
    );
  }

  /** The next block for the SDK's decoder. */
  async #give(): Promise<Result> {
    for (;;) {
      const value = this.#block;
      this.#block = undefined;
      if (value) return { value, done: false };
      if (this.#next() === MORE) await this.#more();
      else if (this.#failure) {
        const rest = this.#blocks.rest();
        if (!rest) throw this.#failure.error;
        this.#block = rest;
      } else if (!this.#block) return { value: undefined, done: true };
    }
  }

  async #cancel(): Promise<void> {
    this.#reader ??= this.#open();
    await this.#reader.cancel().catch(() => undefined);
  }
}
