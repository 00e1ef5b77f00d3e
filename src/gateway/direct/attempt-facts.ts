/** What the reading of one attempt's reply needs of its call and the pool. */
import { finderFor } from '../../affinity/handed-out-ids.ts';
import type { Call } from '../../call/call.ts';
import type { Clock } from '../../clock.ts';
import type { Attempt, CallStory } from '../../dispatch/call-story.ts';
import { mayMove, mayMoveFiltered } from '../../dispatch/may-move.ts';
import type { Core } from '../../sdk/core.ts';
import { noteModel } from '../../sdk/reply-model.ts';
import { usageOf } from '../../sdk/usage.ts';
import type { DirectReply } from './direct-reply.ts';

/** One attempt whose reply is read. */
export class AttemptFacts {
  readonly core: Core;
  readonly story: CallStory<DirectReply>;
  readonly attempt: Attempt<DirectReply>;
  readonly reply: DirectReply;
  /** The request's body as an object. */
  readonly asked: unknown;
  /** Takes the endpoint's credentials out of an error. */
  readonly safe: (error: unknown) => unknown;

  constructor(
    core: Core,
    story: CallStory<DirectReply>,
    attempt: Attempt<DirectReply>,
    asked: unknown,
    safe: (error: unknown) => unknown,
  ) {
    this.core = core;
    this.story = story;
    this.attempt = attempt;
    this.reply = attempt.reply as DirectReply;
    this.asked = asked;
    this.safe = safe;
  }

  get call(): Call {
    return this.story.call;
  }

  get clock(): Clock {
    return this.core.settings.clock;
  }

  /** Somebody could take the call over. */
  get mayMove(): boolean {
    return mayMove(this.story, this.attempt, this.core.dispatcher.parts);
  }

  /** Somebody else shall be asked for an answer that a content filter cut off. */
  get mayMoveFiltered(): boolean {
    return mayMoveFiltered(this.story, this.attempt, this.core.dispatcher.parts);
  }

  /** What finds the ids that the reply hands out. */
  get finder(): ReturnType<typeof finderFor> {
    return finderFor(this.call, this.asked);
  }

  /** The endpoint handed out these ids. */
  learnIds(ids: readonly string[]): void {
    if (ids.length > 0) this.core.affinity.learn(ids, this.attempt.endpoint.name);
  }

  /** Notes the usage that the reply or an event of it tells, and what it calls its model. @returns the usage. */
  noteUsage(said: unknown): unknown {
    const usage = usageOf(said);
    if (usage) this.attempt.report.usage = usage;
    noteModel(this.attempt, said, this);
    return usage;
  }

  /** The first content of a stream came. */
  contentCame(): void {
    this.core.dispatcher.proved(this.story, this.attempt);
  }
}
