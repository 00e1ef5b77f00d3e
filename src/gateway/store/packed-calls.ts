/**
 * Calls in memory, each as the bytes of its JSON. Why not as they are: an object of twenty parts that lives for minutes is copied
 * twice and marked many times by the collector, which costs a tenth of all that a gateway does for a call; bytes it never looks at.
 */
import type { CallRecord, LogQuery } from './call-record.ts';

/** Bytes of a block; a call that may be longer has one of its own. */
const BLOCK = 262_144;
/** A letter of a text takes up to so many bytes. */
const WIDEST = 3;

/** Some calls in a row. */
interface Block {
  /** The number of its first call, counted from the beginning of all. */
  readonly first: number;
  readonly bytes: Buffer;
  /** Where each of them ends, and when it began, in ms since 1970. */
  readonly ends: number[];
  readonly times: number[];
}

/** Fields that a call need not have. */
type Loose = 'firstMs' | 'model' | 'key' | 'code' | 'endpoint' | 'tokens' | 'cost' | 'body';

function read(bytes: Buffer): CallRecord {
  const { firstMs, model, key, code, endpoint, tokens, cost, body, ...sure } = JSON.parse(bytes.toString()) as Omit<
    CallRecord,
    Loose
  > &
    Partial<CallRecord>;
  return { ...sure, firstMs, model, key, code, endpoint, tokens, cost, body };
}

/** Calls, the oldest first, each with a number that it keeps. */
export class PackedCalls {
  #blocks: Block[] = [];
  /** The bytes of a block that was dropped, for the next one. */
  #spare: Buffer | undefined;
  #end = 0;
  #start = 0;

  /** The number of the oldest one. */
  get start(): number {
    return this.#start;
  }

  /** The number that the next one gets. */
  get end(): number {
    return this.#end;
  }

  /** When the oldest one began, in ms since 1970; `undefined` = there is none. */
  get oldest(): number | undefined {
    const block = this.#blocks[0];
    return block?.times[this.#start - block.first];
  }

  #begin(most: number): Block {
    const bytes = most <= BLOCK ? (this.#spare ?? Buffer.allocUnsafeSlow(BLOCK)) : Buffer.allocUnsafeSlow(most);
    if (bytes === this.#spare) this.#spare = undefined;
    const block: Block = { first: this.#end, bytes, ends: [], times: [] };
    this.#blocks.push(block);
    return block;
  }

  /** Adds one. */
  add(call: CallRecord): void {
    const text = JSON.stringify(call);
    const most = text.length * WIDEST;
    let block = this.#blocks.at(-1);
    if (!block || block.bytes.length - (block.ends.at(-1) ?? 0) < most) block = this.#begin(most);
    const at = block.ends.at(-1) ?? 0;
    block.ends.push(at + block.bytes.write(text, at));
    block.times.push(call.at);
    this.#end += 1;
  }

  /** Forgets those before the number `first`, and those before the first that began at `since` or later, in ms since 1970. */
  drop(first: number, since: number): void {
    this.#start = Math.max(this.#start, Math.min(first, this.#end));
    while ((this.oldest ?? since) < since) {
      this.#start += 1;
      this.#dropBlocks();
    }
    this.#dropBlocks();
  }

  #dropBlocks(): void {
    for (
      let block = this.#blocks[0];
      block && block.first + block.ends.length <= this.#start;
      block = this.#blocks[0]
    ) {
      this.#blocks.shift();
      if (block.bytes.length === BLOCK) this.#spare = block.bytes;
    }
  }

  /** Those before the number `before`, the newest first, down to the number `from`: all that the query may mean, and maybe others. */
  *before(before: number, from: number, query: LogQuery): Generator<[number: number, call: CallRecord]> {
    // To look for its words costs less than to read a call.
    const words = (['model', 'endpoint', 'key'] as const).flatMap((name) =>
      query[name] === undefined ? [] : Buffer.from(`"${name}":${JSON.stringify(query[name])}`),
    );
    for (const { first, bytes, ends } of this.#blocks.toReversed()) {
      for (let at = Math.min(ends.length, before - first) - 1; at >= 0 && first + at >= from; at--) {
        const own = bytes.subarray(ends[at - 1] ?? 0, ends[at]);
        if (words.every((word) => own.includes(word))) yield [first + at, read(own)];
      }
    }
  }
}
