/**
 * Whom a pool of both kinds asks first for a message: the strategy's choice among all of its endpoints, or who served the conversation
 * before. Why apart from the call: it goes to one kind at a time, since its words differ, and each kind sees only its own.
 */
import type { OpenAI } from 'openai';
import type { JsonText } from '../../call/json-text.ts';
import type { LoadBalancedOpenAI } from '../../load-balanced-openai.ts';
import { callOf, type RequestOptions } from '../../sdk/call-of.ts';
import { CLIENT_STATE, type ClientState } from '../../sdk/client-state.ts';
import type { Exchange } from '../port/port.ts';

/** A choice, and what is to be told of what came of it. */
export interface FirstChoice {
  /** The pool's name of the endpoint; `undefined` = nobody is eligible. */
  readonly name: string | undefined;
  /** This one served. */
  served(name: string): void;
}

/** Chooses. @param body of the message. */
export function firstChoice(client: LoadBalancedOpenAI, { headers, asked }: Exchange, body: JsonText): FirstChoice {
  const state = (client as unknown as { readonly [CLIENT_STATE]: ClientState })[CLIENT_STATE];
  const { core, steering } = state.caller(client);
  const { settings, pool, conversations } = core;
  const { timeout, maxRetries } = client as OpenAI;
  // For strategies a message is a chat: both have a model, a prompt and tokens in the same places.
  const named = asked === undefined ? body : body.withModel(asked);
  const options = { method: 'post', path: '/chat/completions', headers, body: named } as RequestOptions;
  const call = callOf(options, 'free', { timeout, maxRetries, steering }, settings, settings.clock);
  const place = conversations.placeOf(call, pool) ?? pool.choose(call, new Set());
  return {
    name: place?.name,
    served(name) {
      const endpoint = pool.named(name);
      if (endpoint) conversations.served(call, endpoint);
    },
  };
}
