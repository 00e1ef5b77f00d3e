/** What the reading of one attempt's reply needs of its call and the pool: wired together here. */
import type { Call } from '../call/call.ts';
import { contentOf } from '../call/content.ts';
import type { Clock } from '../clock.ts';
import type { Attempt } from '../dispatch/call-story.ts';
import { mayMove, mayMoveFiltered } from '../dispatch/may-move.ts';
import type { StreamEnd } from '../dispatch/watched.ts';
import type { Served } from './handover.ts';
import type { ByteKeeper, Reading } from './reading.ts';
import type { SdkReply } from './sdk-reply.ts';
import { streamEnded } from './served.ts';

/** How one attempt of a call is read. Why a class: most replies ask for little of this. */
export class AttemptReading implements Reading {
  bytes: ByteKeeper | undefined = undefined;
  readonly #served: Served;
  readonly #attempt: Attempt<SdkReply>;

  constructor(served: Served, attempt: Attempt<SdkReply>) {
    this.#served = served;
    this.#attempt = attempt;
  }

  get call(): Call {
    return this.#served.story.call;
  }

  get asked(): unknown {
    return contentOf(this.#served.options.body);
  }

  get sought(): string | true | undefined {
    return this.#served.sought;
  }

  get clock(): Clock {
    return this.#served.core.settings.clock;
  }

  get maxResponseBytes(): number {
    return this.#served.core.settings.maxResponseBytes;
  }

  get streamIdleTimeout(): number {
    return this.#served.core.settings.streamIdleTimeout;
  }

  mayMove(): boolean {
    return mayMove(this.#served.story, this.#attempt, this.#served.core.dispatcher.parts);
  }

  mayMoveFiltered(): boolean {
    return mayMoveFiltered(this.#served.story, this.#attempt, this.#served.core.dispatcher.parts);
  }

  safe(error: unknown): unknown {
    return (this.#attempt.reply as SdkReply).safe(error);
  }

  learnIds(ids: readonly string[]): void {
    const { handover, core } = this.#served;
    if (!handover.part) core.affinity.learn(ids, this.#attempt.endpoint.name);
  }

  contentCame(): void {
    this.#served.core.dispatcher.proved(this.#served.story, this.#attempt);
  }

  streamEnded(end: StreamEnd): void {
    // The stream of an attempt that lost to another one was never handed out.
    if (this.#served.story.won === this.#attempt) streamEnded(this.#served, end);
  }
}
