/**
 * `pinnedModels`: the endpoint that a model's name pins, by position or name: `gpt-5$2`, `gpt-5$azure-eu`. Read before anything else
 * of a call is known, so that the pin counts like one of `with({ endpoint })`.
 */
import { quoted } from '../call/describe.ts';
import { modelOf, withModel } from '../call/localize.ts';
import { joined, type Steering, unsteered } from '../call/steering.ts';
import { shownNames } from '../config/steering-options.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { AffinityError, ConfigurationError } from '../errors.ts';
import type { Core } from './core.ts';
import { shownAs } from './endpoint-named.ts';

/** A model's name taken apart. */
export interface PinnedModel {
  /** The public name, without the pin. */
  readonly model: string;
  /** The endpoint's name. */
  readonly endpoint: string;
}

type Known = readonly Pick<Endpoint, 'name'>[];

/** Names count before positions; one may hold a `$` itself. */
function splitAt(name: string, endpoints: Known): number {
  let longest = '';
  for (const each of endpoints)
    if (each.name.length > longest.length && name.endsWith(`$${each.name}`)) longest = each.name;
  return longest === '' ? name.lastIndexOf('$') : name.length - longest.length - 1;
}

function refuse(name: string, pin: string, endpoints: Known): never {
  const known = shownNames(endpoints.map((each, index) => `${index + 1} (${each.name})`));
  const what = pin === '' ? 'names no endpoint after the $' : `pins an endpoint ${shownAs(pin)} that does not exist`;
  throw new ConfigurationError('unknown_endpoint', `The model ${quoted(name)} ${what}: known are ${known}.`);
}

/**
 * What the name of a model pins; `undefined` = nothing.
 * @param endpoints the pool, in the user's order.
 * @throws ConfigurationError for an endpoint that is not there, or no model in front of it.
 */
export function pinnedModel(name: string | undefined, endpoints: Known): PinnedModel | undefined {
  if (!name?.includes('$')) return undefined;
  const at = splitAt(name, endpoints);
  const [model, pin] = [name.slice(0, at), name.slice(at + 1)];
  const position = /^[1-9]\d*$/.test(pin) ? Number(pin) : 0;
  const endpoint = endpoints.find((each) => each.name === pin) ?? endpoints[position - 1];
  if (!endpoint) refuse(name, pin, endpoints);
  if (model === '')
    throw new ConfigurationError('invalid_value', `The model ${quoted(name)} pins an endpoint but names no model.`);
  return { model, endpoint: endpoint.name };
}

/** Steering with the pin of a model's name. @throws AffinityError when the calls are pinned elsewhere already. */
export function pinnedBy({ model, endpoint }: PinnedModel, steering: Steering): Steering {
  const { endpoint: before } = steering;
  if (before !== undefined && before !== endpoint)
    throw new AffinityError(
      `The model ${quoted(`${model}$${endpoint}`)} pins the endpoint '${endpoint}', but the call is pinned to '${before}' already.`,
    );
  return joined(steering, { ...unsteered, endpoint });
}

/** The options of a call without the pin in their model, and the steering with it. */
export function readPin<Options extends { body?: unknown; __metadata?: Record<string, unknown> }>(
  options: Options,
  steering: Steering,
  { pool, settings }: Pick<Core, 'pool' | 'settings'>,
): { options: Options; steering: Steering } {
  const pin = settings.pinnedModels ? pinnedModel(modelOf(options), pool.endpoints) : undefined;
  return pin ? { options: withModel(options, pin.model), steering: pinnedBy(pin, steering) } : { options, steering };
}
