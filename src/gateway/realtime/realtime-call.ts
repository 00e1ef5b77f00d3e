/**
 * One socket through the gateway: who opens it and what for, the endpoint it goes to, and what it used. A client hears of its socket
 * when an endpoint has taken it, and of an error otherwise, as of any call.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Decision } from '../../call/decision.ts';
import type { AttemptReport } from '../../call/outcome.ts';
import { ClosedError } from '../../errors.ts';
import { type OpenSocket, whyThere } from '../../sdk/open-socket.ts';
import { socketError } from '../../sdk/socket-error.ts';
import { CallAccount } from '../call/call-account.ts';
import { writeDown } from '../call/call-end.ts';
import { newCallId } from '../call/call-id.ts';
import { placeOf } from '../call/call-place.ts';
import type { CallSurroundings } from '../call/call-surroundings.ts';
import { frontOf } from '../call/front.ts';
import type { RunningCall } from '../call/underway.ts';
import type { ClientKey } from '../config/settings.ts';
import { type ErrorFacts, errorBody, factsOf, Refused } from '../http/api-error.ts';
import { refuseForeign } from '../http/guard.ts';
import { checkHandshake } from '../http/upgrade.ts';
import { writeError } from '../http/write-reply.ts';
import { attemptsBehind, decisionsBehind } from '../port/port.ts';
import { storyHeaders } from '../port/reply-headers.ts';
import { destinationOf } from '../running/destination.ts';
import type { Running } from '../running/running.ts';
import { WaitingClient } from './accept-client.ts';
import { askForSocket } from './ask-for-socket.ts';
import { type Joined, type JoinedEnd, joinSockets } from './join-sockets.ts';
import { offered, withKey } from './protocols.ts';
import { SessionUsage } from './session-usage.ts';

/** The codes of ends by the gateway: its own, and a key's. */
const [GOING_AWAY, POLICY] = [1001, 1008];
/** Ends for which the endpoint has to answer: its own, and none that says that all is well. */
const faultOf = ({ by, code, reason }: JoinedEnd) =>
  by === 'endpoint' ? socketError({ type: 'close', code, reason }) : undefined;

/** One socket. Made for it, and over with it. */
export class RealtimeCall implements RunningCall {
  /** Whose it is. */
  key: ClientKey | undefined;
  readonly #message: IncomingMessage;
  readonly #running: Running;
  readonly #around: CallSurroundings;
  readonly #client: WaitingClient;
  readonly #abort = new AbortController();
  readonly #startedAt: number;
  readonly #id = newCallId();
  readonly #usage = new SessionUsage();
  #account: CallAccount | undefined;
  /** As asked for, and as the pool knows it. */
  #asked: string | undefined;
  #model: string | undefined;
  #path = '/realtime';
  #status = 0;
  #code: string | undefined;
  #joined: Joined | undefined;
  #openMs: number | undefined;
  /** Why it was ended before its end. */
  #interrupted: ErrorFacts | undefined;
  #attempts: () => readonly AttemptReport[] = () => [];
  #decisions: () => readonly Decision[] = () => [];

  constructor(message: IncomingMessage, socket: Duplex, head: Buffer, running: Running, around: CallSurroundings) {
    this.#message = message;
    this.#running = running;
    this.#around = around;
    this.#startedAt = around.clock.now();
    this.#client = new WaitingClient(message, socket, head, () => this.#abort.abort());
  }

  /** Answers, and ends with the socket. Never rejects. */
  async answer(): Promise<void> {
    const { figures } = this.#around;
    figures.running += 1;
    try {
      await this.#go();
    } catch (error) {
      this.#fail(error);
    } finally {
      figures.running -= 1;
      this.#writeDown();
    }
  }

  /** Ends it, at once. */
  interrupt(why: Error): void {
    this.#interrupted = factsOf(why);
    this.#endJoined(this.#interrupted);
    this.#abort.abort();
  }

  /** The error as an event, as any of a session, and then the end. */
  #endJoined(facts: ErrorFacts): void {
    if (!this.#joined) return;
    this.#code = facts.code;
    const { error } = errorBody(facts);
    const event = JSON.stringify({ type: 'error', event_id: this.#id, error });
    this.#joined.end(facts.status === 401 ? POLICY : GOING_AWAY, facts.message, event);
  }

  async #go(): Promise<void> {
    const message = this.#message;
    const { access } = this.#running;
    const { path, query = {} } = placeOf(message.method ?? '', message.url ?? '');
    const headers = withKey(message.headers);
    this.#path = path;
    this.key = access.caller(headers, message.socket.remoteAddress ?? '');
    if (!this.key) refuseForeign(headers);
    checkHandshake(message);
    const protocols = offered(headers);
    const { model, call_id: id } = query;
    if (protocols === undefined || Array.isArray(model) || Array.isArray(id))
      throw new Refused({ status: 400, message: 'This is no handshake of a WebSocket.', code: 'invalid_handshake' });
    if (this.#around.closing()) throw new ClosedError();
    this.#account = new CallAccount(this.#around.allowances, this.#running, this.key);
    this.#asked = model;
    const to = destinationOf({ model, path, key: this.key }, this.#running);
    this.#model = to.model;
    this.#account.begin(to.model, { method: 'POST', path, bytes: 0 });
    const { signal } = this.#abort;
    const opened = await askForSocket(to, { path, query, headers, protocols, id, signal });
    await this.#join(opened);
  }

  async #join(opened: OpenSocket<WebSocket>): Promise<void> {
    const { socket, giveBack } = opened;
    this.#attempts = opened.attempts;
    this.#decisions = () => whyThere(opened);
    const headers = { 'x-request-id': this.#id, ...storyHeaders(opened.attempts(), 101) };
    const client = this.#abort.signal.aborted ? undefined : await this.#client.accept(socket.protocol, headers);
    if (!client) {
      socket.terminate();
      giveBack({ is: 'well' });
      [this.#status, this.#code] = [499, 'aborted'];
      return;
    }
    this.#status = 101;
    this.#openMs = this.#elapsed();
    this.#joined = joinSockets(client, socket, this.#around.clock, (data, binary) => this.#usage.see(data, binary));
    if (this.#interrupted) this.#endJoined(this.#interrupted);
    const end = await this.#joined.over;
    const error = faultOf(end);
    if (error) [this.#status, this.#code] = [502, `closed_${end.code}`];
    giveBack(error ? { is: 'failed', error } : { is: 'well' });
  }

  #elapsed = () => Math.round(this.#around.clock.now() - this.#startedAt);

  #fail(error: unknown): void {
    const { figures, log } = this.#around;
    const gone = this.#abort.signal.aborted && !this.#interrupted && !(error instanceof Refused);
    const facts = this.#interrupted ?? (gone ? { status: 499, message: '', code: 'aborted' } : factsOf(error));
    const [behind, why] = [attemptsBehind(error), decisionsBehind(error)];
    this.#attempts = () => behind;
    this.#decisions = () => why;
    [this.#status, this.#code] = [facts.status, facts.code];
    if (error instanceof Refused) figures.refuse(facts.code);
    if (facts.status === 500)
      log.error('a socket failed inside the gateway', {
        id: this.#id,
        error: String((error as Error)?.stack ?? error),
      });
    const headers = { 'x-request-id': this.#id, ...storyHeaders(behind, facts.status) };
    writeError(this.#client.refusal(), facts, headers, frontOf('/realtime').error(facts, this.#id));
  }

  #writeDown(): void {
    const usage = this.#usage.total;
    const attempts = this.#attempts().map((one, at, all) => (usage && at === all.length - 1 ? { ...one, usage } : one));
    const settled = this.#account?.settle(this.#model, attempts, false);
    const { tokens, cost } = settled ?? {};
    const estimated = settled?.estimated || this.#usage.estimated;
    const ended = {
      ...{ id: this.#id, method: 'GET', path: this.#path, status: this.#status, code: this.#code, stream: false },
      ...{ ms: this.#elapsed(), openMs: this.#openMs, firstMs: undefined, key: this.key?.name },
      ...{ model: this.#asked, poolModel: this.#model, body: undefined },
      ...{ tokens, estimated, cost, attempts, decisions: this.#decisions() },
    };
    writeDown(ended, this.#running, this.#around);
  }
}
