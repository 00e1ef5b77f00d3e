/** Looks an endpoint up by the name a caller gave, and answers an unknown one with the known ones. */
import { quoted } from '../call/describe.ts';
import { shownNames } from '../config/steering-options.ts';
import { looksLikeKey } from '../config/suggest.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { ConfigurationError } from '../errors.ts';
import type { Core } from './core.ts';

/** What was given as a name, unless it is a key by mistake. */
export const shownAs = (name: unknown) => (looksLikeKey(String(name)) ? 'of this name' : quoted(String(name)));

/** The endpoint. @throws ConfigurationError for an unknown name. */
export function endpointNamed({ pool }: Pick<Core, 'pool'>, name: string): Endpoint {
  const endpoint = pool.named(name);
  if (endpoint) return endpoint;
  const known = shownNames(pool.endpoints.map((each) => each.name));
  const what = known === '' ? 'this client has no pool; pass `endpoints` to have one' : `known are ${known}`;
  throw new ConfigurationError('unknown_endpoint', `There is no endpoint ${shownAs(name)}: ${what}.`);
}
