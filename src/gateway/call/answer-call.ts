/**
 * One call through the gateway: who makes it, what it may use, where it goes, and what comes back. Every step may refuse it; whatever
 * happens is written down at its end.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import type { ClientKey } from '../config/settings.ts';
import type { DirectCall } from '../direct/direct-call.ts';
import type { Passing } from '../direct/passing.ts';
import { brokenFacts, type ErrorFacts, factsOf, Refused } from '../http/api-error.ts';
import { BodyPlace } from '../http/body-room.ts';
import { refuseForeign } from '../http/guard.ts';
import { letPass } from '../http/let-pass.ts';
import { readBody } from '../http/read-body.ts';
import { upstreamHeaders } from '../http/wire-headers.ts';
import { breakStream, endSoon } from '../http/write-reply.ts';
import { attemptsBehind, decisionsBehind, type Reply, refusedReply } from '../port/port.ts';
import { storyHeaders } from '../port/reply-headers.ts';
import type { Running } from '../running/running.ts';
import { CallAccount } from './call-account.ts';
import { type OpenCall, openCall, writeDown } from './call-end.ts';
import { newCallId } from './call-id.ts';
import { placeOf } from './call-place.ts';
import type { CallSurroundings } from './call-surroundings.ts';
import { frontOf, writeFrontError } from './front.ts';
import { handOn } from './hand-on-direct.ts';
import { handOnReply, type Receiver } from './hand-on-reply.ts';
import { lead } from './lead.ts';
import { showModels } from './show-models.ts';
import type { RunningCall } from './underway.ts';
import { type Way, wayOf } from './way-of.ts';

/** One call. Made for it, and over with it. */
export class GatewayCall implements Receiver, RunningCall {
  readonly response: ServerResponse;
  readonly clock: Clock;
  id = newCallId();
  path = '';
  /** As the pool knows it. */
  model: string | undefined;
  /** Whose it is. */
  key: ClientKey | undefined;
  readonly #message: IncomingMessage;
  readonly #running: Running;
  readonly #around: CallSurroundings;
  #way: Way | undefined;
  #passing: Passing | undefined;
  #left = false;
  readonly #startedAt: number;
  #account: CallAccount | undefined;
  /** For its body. */
  readonly #room: BodyPlace;
  /** What will be written down of it. */
  readonly #end: OpenCall;
  /** Why it was ended before its end. */
  #interrupted: ErrorFacts | undefined;
  #attempts: Reply['attempts'] = () => [];
  #decisions: Reply['decisions'] = () => [];

  constructor(message: IncomingMessage, response: ServerResponse, running: Running, around: CallSurroundings) {
    this.#message = message;
    this.response = response;
    this.#running = running;
    this.#around = around;
    this.clock = around.clock;
    this.#startedAt = this.clock.now();
    this.#room = new BodyPlace(around.bodies);
    this.#end = openCall(this.id, message.method ?? 'GET');
  }

  /** Answers. Never rejects. */
  async answer(): Promise<void> {
    const { figures, closing } = this.#around;
    figures.running += 1;
    this.response.once('close', () => {
      if (!this.response.writableFinished) this.#leave();
    });
    if (closing()) this.response.setHeader('connection', 'close');
    try {
      await this.#go();
    } catch (error) {
      this.#fail(error);
    } finally {
      figures.running -= 1;
      this.#room.leave();
      letPass(this.#message, this.clock);
      this.#writeDown();
    }
  }

  /** Ends it with an error, at once. */
  interrupt(why: Error): void {
    const facts = factsOf(why);
    this.#interrupted = facts;
    if (this.response.headersSent) this.#break(facts);
    else writeFrontError(this, facts, { connection: 'close' });
    endSoon(this.response, this.clock);
    this.#leave();
  }

  /** Nobody waits for it any more. */
  #leave(): void {
    this.#left = true;
    if (this.#passing) this.#passing.left();
    else this.#way?.leave();
  }

  async #go(): Promise<void> {
    const { method = 'GET', url = '/', headers, socket } = this.#message;
    const { access, settings } = this.#running;
    const { path, query } = placeOf(method, url);
    this.path = path;
    this.key = access.caller(headers, socket.remoteAddress ?? '');
    if (!this.key) refuseForeign(headers);
    if (showModels(this, method, this.key, this.#running, this.#around.since)) return;
    this.#account = new CallAccount(this.#around.allowances, this.#running, this.key);
    const { body, model, type, bytes } = await readBody(this.#message, path, settings.limits, this.#room);
    this.#end.model = model;
    if (settings.log.bodies !== 'off') this.#end.body = body;
    const to = lead({ model, path, key: this.key, body }, this.response, this.#running, this.#around.madeBy);
    this.model = to.model;
    this.#account.begin(to.model, { method, path, bytes });
    const given = { method, path, query, headers: upstreamHeaders(headers, type), body };
    this.#way = wayOf(to, given, to.model === model ? undefined : to.model, this.id);
    // He may have left while his call was read.
    if (this.#left) this.#way.leave();
    if (this.#way.is === 'long') await this.#handOn(await this.#way.reply());
    else await this.#answerDirectly(this.#way.call);
  }

  async #answerDirectly(direct: DirectCall): Promise<void> {
    [this.#attempts, this.#decisions] = [() => direct.attempts, () => direct.decisions];
    try {
      if (!(await handOn(await direct.answer(), direct, this))) this.#end.status = 499;
    } catch (error) {
      const reply = refusedReply(error, direct, this.model);
      if (!reply) throw error;
      await this.#handOn(reply);
    }
  }

  begun(status: number, streams = false, body?: Passing): void {
    this.#end.status = status;
    this.#end.stream = streams;
    this.#passing = body;
  }

  /** Events of a stream go out. */
  passed(events: number): void {
    if (!this.#end.stream) return;
    this.#end.firstMs ??= this.#elapsed();
    this.#account?.count(events);
  }

  /** A reply that was begun broke. */
  broke(error: unknown): void {
    if (this.#interrupted) return;
    this.#end.status = 502;
    this.#break(brokenFacts(error));
  }

  async #handOn(reply: Reply): Promise<void> {
    [this.#attempts, this.#decisions] = [reply.attempts, reply.decisions];
    if (!(await handOnReply(reply, this, (piece) => this.#account?.see(piece)))) this.#end.status = 499;
  }

  #elapsed = () => Math.round(this.clock.now() - this.#startedAt);

  /** Ends a reply that began and cannot go on. */
  #break(facts: ErrorFacts): void {
    this.#end.code = facts.code;
    if (this.#end.stream) breakStream(this.response, frontOf(this.path).broken(facts));
    else this.response.destroy();
  }

  #fail(error: unknown): void {
    const { figures, log } = this.#around;
    const gone = this.#left && !(error instanceof Refused);
    const facts = this.#interrupted ?? (gone ? { status: 499, message: '', code: 'aborted' } : factsOf(error));
    const [behind, why] = [attemptsBehind(error), decisionsBehind(error)];
    if (behind.length > 0) [this.#attempts, this.#decisions] = [() => behind, () => why];
    const attempts = this.#attempts();
    [this.#end.status, this.#end.code] = [facts.status, facts.code];
    if (error instanceof Refused) figures.refuse(facts.code);
    if (facts.status === 500)
      log.error('a call failed inside the gateway', { id: this.id, error: String((error as Error)?.stack ?? error) });
    writeFrontError(this, facts, storyHeaders(attempts, facts.status));
  }

  #writeDown(): void {
    const [attempts, end] = [this.#attempts(), this.#end];
    // Who reads an object again does not use the tokens again that it tells of.
    const left = end.status === 499 || this.#interrupted !== undefined;
    const settled = end.method === 'GET' ? undefined : this.#account?.settle(this.model, attempts, left);
    if (settled) [end.tokens, end.estimated, end.cost] = [settled.tokens, settled.estimated, settled.cost];
    [end.id, end.path, end.poolModel, end.key] = [this.id, this.path, this.model, this.key?.name];
    [end.ms, end.attempts, end.decisions] = [this.#elapsed(), attempts, this.#decisions()];
    writeDown(end, this.#running, this.#around);
  }
}
