/**
 * One call of the gateway over a pool without the SDK around it: the same call, dispatcher and rules as every other, its bytes sent and
 * handed on as they are. What needs more than that (ids that must be looked for, forms, lists over all endpoints, endpoints with a
 * transport of their own) goes the long way.
 */
import type { OpenAI } from 'openai';
import type { Decision } from '../../call/decision.ts';
import type { JsonText } from '../../call/json-text.ts';
import { withModel } from '../../call/localize.ts';
import type { AttemptReport } from '../../call/outcome.ts';
import { namesSession } from '../../call/session-header.ts';
import { joined, unsteered } from '../../call/steering.ts';
import type { Attempt, CallStory, Sending } from '../../dispatch/call-story.ts';
import type { StreamEnd } from '../../dispatch/watched.ts';
import type { Endpoint } from '../../endpoint/endpoint.ts';
import { abortError } from '../../errors.ts';
import type { LoadBalancedOpenAI } from '../../load-balanced-openai.ts';
import { callOf, type RequestOptions } from '../../sdk/call-of.ts';
import { CLIENT_STATE, type ClientState } from '../../sdk/client-state.ts';
import type { Core } from '../../sdk/core.ts';
import { readPin } from '../../sdk/pinned-model.ts';
import { formOf } from '../../sdk/read-bytes.ts';
import { cachedTokens } from '../../sdk/usage.ts';
import { whereTo } from '../../sdk/where-to.ts';
import { AskedUsage } from '../usage/asked-usage.ts';
import { withoutUsage } from '../usage/hide-usage.ts';
import { AttemptFacts } from './attempt-facts.ts';
import type { DirectReply } from './direct-reply.ts';

import { goesDirectly } from './goes-directly.ts';
import { openEvents } from './open-events.ts';
import { BytesPass, type Passing } from './passing.ts';
import { type DirectRequest, safeFor, sendDirectly } from './send-directly.ts';
import { readWhole, type WholeBody } from './whole-body.ts';

/** What was served. */
export interface DirectAnswer {
  readonly reply: DirectReply;
  readonly endpoint: Endpoint;
  /** A body that was read, or one that is to be handed on; its end is to be told to `ended`. */
  readonly body: WholeBody | Passing;
}

/** One call under way. */
export class DirectCall {
  readonly #core: Core;
  readonly #story: CallStory<DirectReply>;
  #attempt: Attempt<DirectReply> | undefined;

  private constructor(core: Core, story: CallStory<DirectReply>) {
    this.#core = core;
    this.#story = story;
  }

  /**
   * Opens a call.
   * @param endpoint the only one that may be asked, by the pool's own name for it.
   * @returns `undefined` for one that goes the long way.
   * @throws AffinityError, ConfigurationError as a call of the client.
   */
  static open(client: LoadBalancedOpenAI, given: DirectRequest, endpoint: string | undefined): DirectCall | undefined {
    const state = (client as unknown as { readonly [CLIENT_STATE]: ClientState })[CLIENT_STATE];
    const { core, clientOf, steering: around } = state.caller(client);
    if (!goesDirectly(core, clientOf)) return undefined;
    const pinned = endpoint === undefined ? around : joined(around, { ...unsteered, endpoint });
    const { method, path, query, headers, body } = given;
    // No credentials are among them; of all others only those count here that name a session.
    const named = namesSession(headers) ? headers : undefined;
    const asked = { method, path, body, query, headers: named } as unknown as RequestOptions;
    const { options, steering } = readPin(asked, pinned, core);
    const { settings, dispatcher } = core;
    const { timeout, maxRetries } = client as OpenAI;
    const call = callOf(options, 'free', { timeout, maxRetries, steering }, settings, settings.clock);
    if (call.operation.place === 'home' || call.operation.ids.length > 0) return undefined;
    const { only, prefer, seek, unknown } = whereTo(call, path, core);
    if (seek || unknown) return undefined;
    const request: DirectRequest = { method, path, query, headers, body: options.body as DirectRequest['body'] };
    const usage = AskedUsage.of(method, path, request.body);
    const send = (to: Endpoint, sending: Sending) => {
      const { model } = sending;
      const body = model === undefined || model === call.model ? request.body : withModel(request, model).body;
      const go = (own: JsonText) => sendDirectly({ ...request, body: own }, to, clientOf(to), sending);
      return usage ? usage.send(to, body, go) : go(body);
    };
    const story = dispatcher.open<DirectReply>(call, send, only, prefer);
    const read = (attempt: Attempt<DirectReply>): Promise<WholeBody | Passing> => {
      const safe = (error: unknown) => safeFor(request, attempt.endpoint, clientOf(attempt.endpoint))(error);
      const facts = new AttemptFacts(core, story, attempt, request.body.outline, safe);
      const form = formOf(story.call, facts.reply.header('content-type'));
      if (form === 'json') return readWhole(facts);
      return form === 'events' ? openEvents(facts, usage && withoutUsage) : Promise.resolve(new BytesPass(facts));
    };
    story.read = read;
    return new DirectCall(core, story);
  }

  get attempts(): readonly AttemptReport[] {
    return this.#story.reports;
  }

  get decisions(): readonly Decision[] {
    return (this.#story.decisions ?? []).map((each) => each.tell());
  }

  /** The pool's endpoints. */
  get endpoints(): readonly Endpoint[] {
    return this.#core.pool.endpoints;
  }

  /** Goes on until a reply can be handed out. @throws what a call of the client throws. */
  head(): Promise<Attempt<DirectReply>> {
    return this.#core.dispatcher.head(this.#story);
  }

  /** What `head` ended with is handed out. */
  served(attempt: Attempt<DirectReply>): DirectAnswer {
    const { dispatcher, conversations } = this.#core;
    const story = this.#story;
    this.#attempt = attempt;
    const reply = attempt.reply as DirectReply;
    const body = attempt.data as WholeBody | Passing;
    attempt.data = undefined;
    conversations.served(story.call, attempt.endpoint);
    if ('bytes' in body) {
      const { status, headers } = reply;
      dispatcher.settle(story, attempt, { is: 'reply', status, headers });
      this.#noteCache(attempt);
      dispatcher.finish(story, true);
    } else story.commit();
    return { reply, endpoint: attempt.endpoint, body };
  }

  /** A body that was handed on is over. */
  ended(end: StreamEnd): void {
    const { dispatcher } = this.#core;
    const story = this.#story;
    const attempt = this.#attempt as Attempt<DirectReply>;
    const { status, headers } = attempt.reply as DirectReply;
    if (end.is === 'complete') dispatcher.settle(story, attempt, { is: 'reply', status, headers });
    else {
      // Whoever left says nothing about the endpoint.
      const error = end.is === 'left' ? abortError(undefined) : end.error;
      const cut = end.is === 'failed' && end.late ? ({ cut: 'deadline' } as const) : {};
      dispatcher.settle(story, attempt, { is: 'error', error, phase: 'body', sent: 'maybe', ...cut });
    }
    this.#noteCache(attempt);
    dispatcher.finish(story, end.is !== 'failed');
  }

  /** The caller left before there was anything for him. */
  abort(): void {
    if (!this.#attempt && !this.#story.over) this.#story.push({ is: 'abort' });
  }

  #noteCache({ endpoint, report }: Attempt<DirectReply>): void {
    const { call } = this.#story;
    if (call.prompt.conversation === undefined) return;
    this.#core.conversations.told(call, endpoint, cachedTokens(report.usage));
  }
}
