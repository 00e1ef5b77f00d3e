/**
 * What another process told of an endpoint, held against what this one saw itself. Why: one process whose own network is
 * broken finds every endpoint dead, and must not take them from fifty others; see `hearEjected`. A pause that an upstream
 * asked for holds for everybody who has the same account, so it is taken on whatever was seen.
 */
import type { CooldownOrder } from '../call/outcome.ts';
import { aboutOf } from './cooldown.ts';
import type { EndpointState } from './endpoint-state.ts';
import type { Grounds } from './evidence.ts';

/** A success here speaks against what others saw if it was at most so much earlier than their first failure, in ms. */
const SLACK = 1_000;
/** A success of the last seconds speaks against a refusal, in ms. */
const LATELY = 10_000;
/** Who found out probes first: others stay open for up to so much longer. */
const LATER = 0.1;

function worked(state: EndpointState, model: string | undefined, within: number): boolean {
  const at = model === undefined ? state.evidence.succeededAt : state.breakers.models.peek(model)?.succeededAt;
  return at !== undefined && at >= state.clock.now() - within;
}

/** Whether just what others were refused succeeded here: another model, or another operation, says nothing of it. */
function disproves(state: EndpointState, { operation, model }: ReturnType<typeof aboutOf>): boolean {
  if (operation === undefined) return worked(state, model, LATELY);
  return state.served.has(operation, LATELY) && (model === undefined || worked(state, model, LATELY));
}

/** Whether calls fail here as well. */
function fails(state: EndpointState, model: string | undefined): boolean {
  if (model !== undefined) return state.breakers.models.failedInRow(model) > 0;
  return state.evidence.fails;
}

/**
 * Others ejected it. Believed where nothing succeeded here while everything failed there, and where it is the endpoint that
 * fails and not the other one's network: that one succeeded elsewhere meanwhile, or calls fail here too. It prolongs nothing
 * that is open already: each process probes for itself in the end, and by word of others or a success of its own an endpoint
 * that was ejected so comes back at once.
 * @param backed another one told the same a moment ago.
 * @returns whether it is ejected here by that
 */
export function hearEjected(
  state: EndpointState,
  { model, ms, failingFor, sure, backed }: Grounds & { model: string | undefined; ms: number; backed: boolean },
): boolean {
  if (ms <= 0 || (model !== undefined && !state.breakers.models.admits(model))) return false;
  if (worked(state, model, failingFor + SLACK)) return false;
  if (!sure && !backed && !fails(state, model)) return false;
  return state.breakers.heard(model, ms * (1 + LATER * state.clock.random()));
}

/** Others found that it works. @returns whether it is restored here by that */
export function hearRestored(state: EndpointState, model: string | undefined): boolean {
  if (model !== undefined && !state.breakers.models.peek(model)) return false;
  return state.breakers.heard(model, 'works');
}

/** Others were asked for a pause, or refused. @returns whether that is news here */
export function hearCooldown(
  state: EndpointState,
  order: CooldownOrder & { readonly ms: number },
  key: string,
  inRow: number,
): boolean {
  if (order.ms <= 0 || (!order.pause && disproves(state, aboutOf(order.scope, key)))) return false;
  const news = state.cooldowns.adopt(order, key, inRow);
  if (news) state.touch();
  return news;
}

/** Others succeeded there with a call that began so many ms ago. */
export function hearDisproved(state: EndpointState, model: string, operation: string, age: number): void {
  if (state.cooldowns.succeeded(model, operation, state.clock.now() - age)) state.touch();
}

/** Whether others are told of a cooldown: not of what may be due to this process, such as its key and its certificates. */
export function isEverybodys({ scope, pause, reason }: Pick<CooldownOrder, 'scope' | 'pause' | 'reason'>): boolean {
  if (scope === 'figures') return false;
  return pause || scope !== 'endpoint' || reason === OUT_OF_CREDIT || reason === REDIRECTS;
}

/** The reason of an account that has nothing left, and of an address that sends calls away. */
const OUT_OF_CREDIT = 'out of credit';
const REDIRECTS = 'redirects elsewhere';
