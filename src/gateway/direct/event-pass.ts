/**
 * The event stream of one reply on its way through: held back until its first content, then handed on piece by piece as it comes.
 * Its bytes stay as they are; what its events mean is looked at as far as it decides anything, and its end is noticed.
 */
import { answersAsked, StreamProgress } from '../../call/stream-progress.ts';
import { Patience } from '../../dispatch/patience.ts';
import type { StreamEnd } from '../../dispatch/watched.ts';
import { isBadReply } from '../../errors.ts';
import { Arrivals } from '../../sdk/arrivals.ts';
import { Blocks } from '../../sdk/blocks.ts';
import { END, SILENT } from '../../sdk/plain-event.ts';
import { withoutSecrets } from '../../sdk/refusals.ts';
import { cutShort, failureIn, translate } from '../../sdk/reply-failures.ts';
import type { Sink } from '../../transport/incoming.ts';
import { AlikeEvents } from './alike-events.ts';
import type { AttemptFacts } from './attempt-facts.ts';
import { eventIn } from './event-in.ts';
import { HeldEvents } from './held-events.ts';

import type { Opening, Shown } from './opening.ts';
import type { BodyTaker, Passing } from './passing.ts';

/** One stream. */
export class EventPass implements Sink, Passing {
  readonly #facts: AttemptFacts;
  readonly #progress: StreamProgress;
  readonly #patience: Patience;
  readonly #arrivals: Arrivals;
  readonly #blocks = new Blocks();
  readonly #find: AttemptFacts['finder'];
  readonly #shows: Shown | undefined;
  /** Who waits for it to begin; `undefined` = it has. */
  #opening: Opening | undefined;
  readonly #alike = new AlikeEvents();
  readonly #out = new HeldEvents();
  #sawDone = false;

  constructor(facts: AttemptFacts, shows: Shown | undefined, opening: Opening) {
    const { call, clock, core } = facts;
    this.#facts = facts;
    this.#shows = shows;
    this.#find = facts.finder;
    const arrivals = new Arrivals(clock);
    this.#arrivals = arrivals;
    this.#progress = new StreamProgress(call.operation.stream, answersAsked(facts.asked));
    this.#opening = opening;
    this.#patience = new Patience(
      { clock, idleTimeout: core.settings.streamIdleTimeout, lastByteAt: () => arrivals.lastByteAt },
      () => this.#progress.over,
      (error) => this.#broke(error, true),
    );
    if (!facts.mayMove) this.#open();
  }

  to(taker: BodyTaker): void {
    const free = this.#out.to(taker);
    if (this.#out.over) return;
    if (free) this.goOn();
    else this.#facts.reply.pause();
  }

  goOn(): void {
    if (this.#out.over) return;
    this.#patience.asked();
    this.#facts.reply.resume();
  }

  left(): void {
    this.#finish({ is: 'left', said: this.#progress.said });
    this.#facts.reply.stop();
  }

  push(piece: Buffer): void {
    if (this.#out.over) {
      // More than a stream that is over: its connection is of no use.
      this.#facts.reply.stop();
      return;
    }
    this.#arrivals.note(piece);
    const isNew = this.#opening || !this.#blocks.clear;
    const { alike, events, rest } = isNew ? { alike: undefined, events: 0, rest: piece } : this.#alike.split(piece);
    if (alike) this.#hand(alike, events);
    if (!rest) return;
    this.#blocks.add(rest);
    this.#readBlocks();
  }

  end(): void {
    if (this.#out.over) return;
    const rest = this.#blocks.rest();
    if (rest) this.#read(rest, true);
    if (!this.#out.over) this.#ended();
  }

  fail(error: unknown): void {
    this.#broke(this.#facts.safe(translate(error)), undefined);
  }

  #readBlocks(): void {
    try {
      for (let block = this.#blocks.next(); block && !this.#out.over; block = this.#blocks.next())
        this.#read(block, false);
    } catch (error) {
      this.#failed(this.#facts.safe(error));
    }
  }

  /** One block, with its blank line, or what is left at the end without one. */
  #read(block: Buffer, isRest: boolean): void {
    try {
      const event = eventIn(block, this.#facts.reply.headers);
      if (event === END) this.#done(block);
      // Without its blank line an event is none, for the SDK as well.
      else if (event === SILENT || (isRest && this.#progress.complete)) this.#hand(block, 0);
      else if (isRest) return;
      else this.#note(event, block);
    } catch (error) {
      this.#failed(this.#facts.safe(translate(error)), block);
    }
  }

  #note(event: unknown, block: Buffer): void {
    const progress = this.#progress;
    const { said, over } = progress;
    const { call, reply } = this.#facts;
    const meaning = progress.note(event);
    if (meaning === 'bad') throw failureIn(event, reply.headers);
    if (progress.said || call.replay === 'create') this.#patience.begun();
    if (progress.said && !said) this.#facts.contentCame();
    const usage = this.#facts.noteUsage(event);
    if (this.#find) this.#facts.learnIds(this.#find(event));
    const shown = this.#shows ? this.#shows(block) : block;
    if (shown) this.#hand(shown, 1);
    if (meaning === 'content' && !usage) this.#alike.learn(block, shown);
    if (progress.over && !over && this.#out.taken) this.#patience.asked();
    if (this.#opening && (progress.said || this.#out.full)) this.#open();
  }

  /** It can be handed out. */
  #open(): void {
    const { call, clock } = this.#facts;
    if (this.#opening && !this.#progress.said) this.#patience.untilBegun(call.deadline - clock.now());
    this.#opening?.opened(this);
    this.#opening = undefined;
  }

  #hand(bytes: Buffer, events: number): void {
    const isFree = this.#out.hand(bytes, events);
    if (isFree && (this.#opening || this.#out.taken || !this.#out.full)) return;
    this.#patience.answered();
    this.#facts.reply.pause();
  }

  /** `[DONE]` came: the answer is over, and its transfer in a moment. */
  #done(block: Buffer): void {
    this.#sawDone = true;
    this.#hand(block, 0);
    this.#ended();
    this.#facts.reply.seeOut(this.#facts.clock);
  }

  /** Nothing more comes. An error when not everything was said. */
  #ended(): void {
    const { call, reply, safe } = this.#facts;
    this.#progress.ended(this.#sawDone);
    if (this.#progress.complete) {
      this.#finish({ is: 'complete' });
      this.#open();
      return;
    }
    const where = this.#opening ? 'before its first content' : 'before its end';
    this.#failed(safe(cutShort(where, call, this.#arrivals.object, reply.headers)));
  }

  /** The transfer broke, or is given up. @param late nobody waits any longer. */
  #broke(error: unknown, late: true | undefined): void {
    if (this.#out.over) return;
    if (this.#progress.complete && (late || isBadReply(error))) {
      this.#finish({ is: 'complete' });
      this.#facts.reply.stop();
    } else this.#failed(error);
  }

  /** @param block the event by which the API said so. */
  #failed(error: unknown, block?: Buffer): void {
    const { reply, safe } = this.#facts;
    const { headers, status } = error as { headers?: unknown; status?: unknown };
    const said = this.#opening && block ? Buffer.concat([this.#out.waiting, block]) : block;
    const words = said && headers !== undefined && status === undefined ? withoutSecrets(said, safe) : undefined;
    this.#finish(this.#patience.late ? { is: 'failed', error, late: true } : { is: 'failed', error }, words);
    reply.stop();
    this.#opening?.refused(error, words);
    this.#opening = undefined;
  }

  #finish(end: StreamEnd, words?: Uint8Array): void {
    this.#patience.stop();
    this.#out.finish(end, words);
  }
}
