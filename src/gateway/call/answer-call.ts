/** One call through the gateway: who makes it, what it may use, where it goes, and what comes back. Its end is written down, whatever it is. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import { abortError } from '../../errors.ts';
import type { ClientKey } from '../config/settings.ts';
import type { DirectCall } from '../direct/direct-call.ts';
import type { Passing } from '../direct/passing.ts';
import { brokenFacts, type ErrorFacts, factsOf, Refused } from '../http/api-error.ts';
import { BodyPlace } from '../http/body-room.ts';
import { refuseForeign } from '../http/guard.ts';
import { letPass } from '../http/let-pass.ts';
import { type CallBody, readBody } from '../http/read-body.ts';
import { upstreamHeaders } from '../http/wire-headers.ts';
import { breakStream, endSoon } from '../http/write-reply.ts';
import { attemptsBehind, decisionsBehind, nothing, type Reply, refusedReply } from '../port/port.ts';
import { storyHeaders } from '../port/reply-headers.ts';
import type { Running } from '../running/running.ts';
import { CallAccount } from './call-account.ts';
import { type OpenCall, openCall, writeDown } from './call-end.ts';
import { newCallId } from './call-id.ts';
import { type CallPlace, placeOf } from './call-place.ts';
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
  key: ClientKey | undefined;
  readonly #message: IncomingMessage;
  readonly #running: Running;
  readonly #around: CallSurroundings;
  #place: CallPlace | undefined;
  #way: Way | undefined;
  #passing: Passing | undefined;
  #left = false;
  readonly #startedAt: number;
  #account: CallAccount | undefined;
  readonly #room: BodyPlace;
  readonly #end: OpenCall;
  #interrupted: ErrorFacts | undefined;
  #told: Pick<Reply, 'attempts' | 'decisions'> = nothing;

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
    this.response.on('close', () => {
      if (!this.response.writableFinished) this.#leave();
    });
    if (closing()) this.response.setHeader('connection', 'close');
    try {
      const body = this.#read();
      const way = body && this.#lead(await body);
      if (way) await (way.is === 'direct' ? this.#answerDirectly(way.call) : this.#handOn(await way.reply()));
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
    this.#interrupted = factsOf(why);
    if (this.response.headersSent) this.#break(this.#interrupted);
    else writeFrontError(this, this.#interrupted, { connection: 'close' });
    endSoon(this.response, this.clock);
    this.#leave();
  }

  #leave(): void {
    this.#left = true;
    if (this.#passing) this.#passing.left();
    else this.#way?.leave();
  }

  /** Who calls, and what with; `undefined` = he has his answer already. */
  #read(): Promise<CallBody> | CallBody | undefined {
    const { method = 'GET', url = '/', headers, socket } = this.#message;
    this.#place = placeOf(method, url);
    this.path = this.#place.path;
    this.key = this.#running.access.caller(headers, socket.remoteAddress ?? '');
    if (!this.key) refuseForeign(headers);
    if (showModels(this, method, this.key, this.#running, this.#around.since)) return undefined;
    this.#account = new CallAccount(this.#around.allowances, this.#running, this.key);
    return readBody(this.#message, this.path, this.#running.settings.limits, this.#room);
  }

  #lead({ body, model, type, bytes }: CallBody): Way {
    if (this.#left) throw abortError(undefined);
    const [path, method] = [this.path, this.#end.method];
    this.#end.model = model;
    if (this.#running.settings.log.bodies !== 'off') this.#end.body = body;
    const to = lead({ model, path, key: this.key, body }, this.response, this.#running, this.#around.madeBy);
    this.model = to.model;
    this.#account?.begin(to.model, { method, path, bytes });
    const [headers, query] = [upstreamHeaders(this.#message.headers, type), this.#place?.query];
    const given = { method, path, query, headers, body };
    this.#way = wayOf(to, given, to.model === model ? undefined : to.model, this.id);
    return this.#way;
  }

  async #answerDirectly(direct: DirectCall): Promise<void> {
    this.#told = { attempts: () => direct.attempts, decisions: () => direct.decisions };
    try {
      const handed = handOn(direct.served(await direct.head()), direct, this);
      if (!(handed === true || (await handed))) this.#end.status = 499;
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
    this.#told = reply;
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
    if (behind.length > 0) this.#told = { attempts: () => behind, decisions: () => why };
    [this.#end.status, this.#end.code] = [facts.status, facts.code];
    if (error instanceof Refused) figures.refuse(facts.code);
    if (facts.status === 500)
      log.error('a call failed inside the gateway', { id: this.id, error: String((error as Error)?.stack ?? error) });
    writeFrontError(this, facts, storyHeaders(this.#told.attempts(), facts.status));
  }

  #writeDown(): void {
    const [attempts, end] = [this.#told.attempts(), this.#end];
    if (this.#interrupted) [end.status, end.code] = [this.#interrupted.status, this.#interrupted.code];
    // Who reads an object again does not use the tokens again that it tells of.
    const left = end.status === 499 || this.#interrupted !== undefined;
    const settled = end.method === 'GET' ? undefined : this.#account?.settle(this.model, attempts, left);
    if (settled) [end.tokens, end.estimated, end.cost] = [settled.tokens, settled.estimated, settled.cost];
    [end.id, end.path, end.poolModel, end.key] = [this.id, this.path, this.model, this.key?.name];
    [end.ms, end.attempts, end.decisions] = [this.#elapsed(), attempts, this.#told.decisions()];
    writeDown(end, this.#running, this.#around);
  }
}
