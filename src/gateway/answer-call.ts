/**
 * One call through the gateway: who makes it, what it may use, where it goes, and what comes back. Every step may refuse it; whatever
 * happens is written down at its end.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { askForMessage, isMessages } from './anthropic/ask-for-message.ts';
import { brokenFacts, type ErrorFacts, factsOf, Refused, redirected, unknownModel } from './api-error.ts';
import { CallAccount } from './call-account.ts';
import { writeDown } from './call-end.ts';
import { newCallId } from './call-id.ts';
import { placeOf } from './call-place.ts';
import type { CallSurroundings } from './call-surroundings.ts';
import type { ClientKey } from './config/settings.ts';
import { destinationOf } from './destination.ts';
import { frontOf } from './front.ts';
import { refuseForeign } from './guard.ts';
import { modelAnswer } from './model-list.ts';
import { attemptsBehind, decisionsBehind, type Exchange, exchange, type Reply } from './port.ts';
import { letPass, readBody } from './read-body.ts';
import { isEventStream, replyHeaders, storyHeaders } from './reply-headers.ts';
import type { Running } from './running.ts';
import { upstreamHeaders } from './wire-headers.ts';
import { breakStream, writeBody, writeError, writeJson } from './write-reply.ts';

/** One call. Made for it, and over with it. */
export class GatewayCall {
  readonly #response: ServerResponse;
  readonly #message: IncomingMessage;
  readonly #running: Running;
  readonly #around: CallSurroundings;
  readonly #abort = new AbortController();
  readonly #startedAt: number;
  readonly #id = newCallId();
  #key: ClientKey | undefined;
  #account: CallAccount | undefined;
  /** As asked for. */
  #asked: string | undefined;
  /** As the pool knows it. */
  #model: string | undefined;
  #path = '';
  #status = 0;
  #code: string | undefined;
  #firstMs: number | undefined;
  #body: unknown;
  #streams = false;
  #interrupted = false;
  #attempts: Reply['attempts'] = () => [];
  #decisions: Reply['decisions'] = () => [];

  constructor(message: IncomingMessage, response: ServerResponse, running: Running, around: CallSurroundings) {
    this.#message = message;
    this.#response = response;
    this.#running = running;
    this.#around = around;
    this.#startedAt = around.clock.now();
  }

  /** Answers. Never rejects. */
  async answer(): Promise<void> {
    const response = this.#response;
    const { figures, closing } = this.#around;
    figures.running += 1;
    response.once('close', () => {
      if (!response.writableFinished) this.#abort.abort();
    });
    if (closing()) response.setHeader('connection', 'close');
    try {
      await this.#go();
    } catch (error) {
      this.#fail(error);
    } finally {
      figures.running -= 1;
      letPass(this.#message, this.#around.clock);
      this.#writeDown();
    }
  }

  /** Ends it with an error, at once. */
  interrupt(): void {
    this.#interrupted = true;
    const facts = { status: 503, message: 'The gateway is shutting down.', code: 'shutting_down' };
    if (this.#response.headersSent) this.#break(facts);
    else this.#writeError(facts, { connection: 'close' });
    this.#abort.abort();
  }

  async #go(): Promise<void> {
    const { method = 'GET', url = '/', headers } = this.#message;
    const { access, settings } = this.#running;
    const { path, query } = placeOf(method, url);
    this.#path = path;
    this.#key = access.caller(headers, this.#message.socket.remoteAddress ?? '');
    if (!this.#key) refuseForeign(headers);
    if (method === 'GET' && this.#listModels()) return;
    this.#account = new CallAccount(this.#around.allowances, this.#running, this.#key);
    const { body, model, type, bytes } = await readBody(this.#message, path, settings.limits);
    this.#asked = model;
    if (settings.log.bodies !== 'off') this.#body = body;
    const to = destinationOf({ model, path, key: this.#key }, this.#running);
    this.#model = to.model;
    this.#account.begin(to.model, { method, path, bytes });
    const upstream = upstreamHeaders(headers);
    if (type === null) upstream.delete('content-type');
    else if (type !== undefined) upstream.set('content-type', type);
    const call: Exchange = {
      ...{ method: method.toLowerCase(), path, query, headers: upstream, signal: this.#abort.signal, asked: to.model },
      ...(body !== undefined && { body }),
      ...(to.model !== model && { model: to.model }),
      ...(to.endpoint !== undefined && { endpoint: to.endpoint }),
    };
    const reply = isMessages(path) ? askForMessage(to, call, this.#id) : exchange(to.pool.client, call);
    await this.#handOn(await reply);
  }

  /** Lists models where the configuration names them. */
  #listModels(): boolean {
    const answer = modelAnswer(this.#path, this.#running, this.#key, Math.floor(this.#around.since / 1_000));
    if (!answer) return false;
    if ('unknown' in answer) throw unknownModel(answer.unknown);
    this.#status = 200;
    const body = 'one' in answer ? answer.one : { object: 'list', data: answer.list };
    writeJson(this.#response, 200, body, { 'x-request-id': this.#id });
    return true;
  }

  async #handOn(reply: Reply): Promise<void> {
    const response = this.#response;
    this.#attempts = reply.attempts;
    this.#decisions = reply.decisions;
    if (reply.status >= 300 && reply.status < 400 && reply.status !== 304) {
      await reply.body?.cancel().catch(() => undefined);
      throw redirected();
    }
    const headers = replyHeaders(reply, this.#id, frontOf(this.#path).idHeader);
    this.#streams = isEventStream(headers);
    if (response.headersSent || response.destroyed) {
      await reply.body?.cancel().catch(() => undefined);
      return;
    }
    this.#status = reply.status;
    response.writeHead(reply.status, headers);
    if (this.#streams) response.flushHeaders();
    const see = (piece: Uint8Array) => {
      if (this.#streams) this.#firstMs ??= this.#elapsed();
      if (this.#streams) this.#account?.see(piece);
    };
    const length = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
    const end = await writeBody({ body: reply.body, length }, response, this.#around.clock, see);
    if (end.is === 'left') this.#status = 499;
    if (end.is !== 'broken' || this.#interrupted) return;
    this.#status = 502;
    this.#break(brokenFacts(end.error));
  }

  #elapsed = () => Math.round(this.#around.clock.now() - this.#startedAt);

  /** Ends a reply that began and cannot go on. */
  #break(facts: ErrorFacts): void {
    this.#code = facts.code;
    if (this.#streams) breakStream(this.#response, frontOf(this.#path).broken(facts));
    else this.#response.destroy();
  }

  #writeError(facts: ErrorFacts, headers: Readonly<Record<string, string>>): void {
    const { error, idHeader = 'x-request-id' } = frontOf(this.#path);
    const ids = { 'x-request-id': this.#id, [idHeader]: this.#id };
    writeError(this.#response, facts, { ...ids, ...headers }, error(facts, this.#id));
  }

  #fail(error: unknown): void {
    const { figures, log } = this.#around;
    const gone = this.#abort.signal.aborted && !(error instanceof Refused);
    const facts = gone ? { status: 499, message: '', code: 'aborted' } : factsOf(error);
    const behind = attemptsBehind(error);
    if (behind.length > 0) this.#attempts = () => behind;
    const why = decisionsBehind(error);
    if (why.length > 0) this.#decisions = () => why;
    const attempts = this.#attempts();
    [this.#status, this.#code] = [facts.status, facts.code];
    if (error instanceof Refused) figures.refuse(facts.code);
    if (facts.status === 500)
      log.error('a call failed inside the gateway', { id: this.#id, error: String((error as Error)?.stack ?? error) });
    this.#writeError(facts, storyHeaders(attempts, facts.status));
  }

  #writeDown(): void {
    const attempts = this.#attempts();
    const { method = 'GET' } = this.#message;
    // Who reads an object again does not use the tokens again that it tells of.
    const settled = method === 'GET' ? undefined : this.#account?.settle(this.#model, attempts, this.#status === 499);
    const { tokens, estimated = false, cost } = settled ?? {};
    const ended = {
      ...{ id: this.#id, method, path: this.#path, status: this.#status, code: this.#code, stream: this.#streams },
      ...{ ms: this.#elapsed(), firstMs: this.#firstMs, key: this.#key?.name },
      ...{ model: this.#asked, poolModel: this.#model, body: this.#body },
      ...{ tokens, estimated, cost, attempts, decisions: this.#decisions() },
    };
    writeDown(ended, this.#running, this.#around);
  }
}
