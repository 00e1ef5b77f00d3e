/**
 * On whose account an endpoint draws, as processes compare it that must not tell each other their keys: endpoints of one name
 * with different keys share nothing that a quota leads to. Why so short: it tells a few accounts apart, and fits so many other
 * keys that it gives away none made at random; a weak one can be guessed by it. Why the address is in it: one key at two places
 * looks like two.
 */
import { createHash } from 'node:crypto';
import { secretHeaders, secretParameters } from '../config/headers.ts';
import type { EndpointSettings } from '../config/settings.ts';
import { addressOf } from './registry.ts';

/** Letters of it: 32 bits. */
const LENGTH = 8;
/** What stands for an account that cannot be compared: a function's keys change, and a client's are its own affair. */
const UNKNOWN = '';
const known = new WeakMap<EndpointSettings, string>();

type Facts = Pick<EndpointSettings, 'baseURL' | 'client' | 'credential' | 'options' | 'quotaGroup'>;

function compared({ baseURL, client, credential, options, quotaGroup }: Facts): string {
  const { address, secret } = addressOf(baseURL);
  const said = [...secretHeaders(options.defaultHeaders), ...secretParameters(options.defaultQuery)];
  // Whoever names a group says by it who draws on one quota, with whatever keys.
  const facts = quotaGroup === undefined ? ['key', credential, secret, ...said] : ['group', quotaGroup];
  const isText = !client && typeof credential === 'string';
  if (!isText && quotaGroup === undefined) return UNKNOWN;
  const text = JSON.stringify(['load-balanced-openai account', address, ...facts]);
  return createHash('sha256').update(text).digest('hex').slice(0, LENGTH);
}

/** The account of an endpoint: eight letters, or none where it cannot be compared. */
export function accountOf(settings: EndpointSettings): string {
  const found = known.get(settings) ?? compared(settings);
  known.set(settings, found);
  return found;
}

/** True for what `accountOf` gives. */
export function isAccount(value: unknown): value is string {
  return value === UNKNOWN || (typeof value === 'string' && /^[0-9a-f]{8}$/.test(value));
}

/** Whether two may be one account, as far as can be known. */
export function mayBeOne(one: string, other: string): boolean {
  return one === other || one === UNKNOWN || other === UNKNOWN;
}
