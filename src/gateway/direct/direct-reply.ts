/** The reply to one attempt that went out directly: its head, and its body piece by piece. */
import type { Clock } from '../../clock.ts';
import type { Reply } from '../../dispatch/call-story.ts';
import { fastHeaders, type RawHeaders } from '../../transport/fast-headers.ts';
import type { Flow, Sink } from '../../transport/incoming.ts';

/** Bytes that may wait for whoever reads them before their connection waits as well. */
const MAY_WAIT = 64 * 1024;

/** How long the end of a transfer may take after `[DONE]`, in ms. */
const LAST_BREATH = 250;

/** Good headers, and what follows them. */
export class DirectReply implements Reply, Sink {
  readonly status: number;
  /** By name in lower case. */
  readonly raw: RawHeaders;
  /** The address that was asked. */
  readonly url: string;
  /** Its body came in a code, which is taken off. */
  readonly decoded: boolean;
  readonly #flow: Flow;
  #headers: Headers | undefined;
  #sink: Sink | undefined;
  #parts: Buffer[] = [];
  #size = 0;
  #waits = false;
  #over: 'no' | 'ended' | 'failed' = 'no';
  #error: unknown;

  constructor(status: number, raw: RawHeaders, url: string, flow: Flow, decoded = false) {
    this.status = status;
    this.raw = raw;
    this.url = url;
    this.#flow = flow;
    this.decoded = decoded;
  }

  get headers(): Headers {
    this.#headers ??= fastHeaders(this.raw);
    return this.#headers;
  }

  /** The value of a header, of many the first. */
  header(name: string): string | undefined {
    const value = this.raw[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /** Nothing of the body comes any more. */
  get over(): boolean {
    return this.#over !== 'no';
  }

  /** Hands the body to `sink`: what came so far at once, the rest as it comes. */
  pipe(sink: Sink): void {
    this.#sink = sink;
    const parts = this.#parts;
    this.#parts = [];
    for (const part of parts) sink.push(part);
    if (this.#over === 'ended') sink.end();
    else if (this.#over === 'failed') sink.fail(this.#error);
    else if (this.#waits) this.resume();
  }

  push(part: Buffer): void {
    if (this.#sink) {
      this.#sink.push(part);
      return;
    }
    this.#parts.push(part);
    this.#size += part.length;
    if (this.#size > MAY_WAIT) this.pause();
  }

  end(): void {
    if (this.over) return;
    this.#over = 'ended';
    this.#sink?.end();
  }

  fail(error: unknown): void {
    if (this.over) return;
    this.#over = 'failed';
    this.#error = error;
    this.#sink?.fail(error);
  }

  /** Whoever reads is slow: nothing more is read from the endpoint. */
  pause(): void {
    if (this.#waits || this.over) return;
    this.#waits = true;
    this.#flow.pause();
  }

  resume(): void {
    if (!this.#waits) return;
    this.#waits = false;
    if (!this.over) this.#flow.resume();
  }

  /** All was said: its transfer ends in a moment, mostly with the same packet, or is ended. Then the connection serves the next call. */
  seeOut(clock: Clock): void {
    queueMicrotask(() => {
      if (!this.over) clock.after(LAST_BREATH, () => this.stop(), false);
    });
  }

  /** Nobody wants the rest. */
  stop(): void {
    if (this.over) return;
    this.#over = 'failed';
    this.#flow.abort(new Error('the reply was left before its end'));
  }
}
