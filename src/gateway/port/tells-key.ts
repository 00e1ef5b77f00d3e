/** Whether a text tells an endpoint's key, as it is or in a code: asked of what an endpoint says outside of its bodies. */
import type { Endpoint } from '../../endpoint/endpoint.ts';
import { secretsOf } from '../../endpoint/secrets.ts';
import { type Redactor, redactor } from '../../observe/redact.ts';

/** What is shorter tells too little of one. */
const SHORTEST = 12;
/** Keys of a configuration do not change; another one has other endpoints. */
const made = new WeakMap<Endpoint, Redactor>();

/** False for a text too short to tell one. */
export const mayTell = (text: string): boolean => text.length >= SHORTEST;

/** True when a key of the endpoint can be read off the text. */
export function tellsKey(endpoint: Endpoint, text: string): boolean {
  if (!mayTell(text)) return false;
  const known = made.get(endpoint) ?? redactor(secretsOf(endpoint.settings, undefined));
  made.set(endpoint, known);
  return known.holds(text);
}
