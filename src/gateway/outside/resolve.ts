/** Looks up where a name leads, when an endpoint comes through the admin API. Every connection is looked at again. */
import dns from 'node:dns';
import { isIP } from 'node:net';
import type { Clock } from '../../clock.ts';
import { isPublic } from './public-address.ts';

/** A name that takes longer is not known now, in ms. */
const PATIENCE = 5_000;

/** What a name leads to. */
export type Led =
  | { readonly is: 'outside' | 'inside' | 'nowhere' }
  /** Nobody could be asked. */
  | { readonly is: 'unknown'; readonly code: string };

/** Where the host of a URL leads: inside as soon as one of its addresses does. */
export function leadsTo(url: string, clock: Clock): Promise<Led> {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) > 0) return Promise.resolve({ is: isPublic(host) ? 'outside' : 'inside' });
  return new Promise((resolve) => {
    const cancel = clock.after(PATIENCE, () => resolve({ is: 'unknown', code: 'ETIMEOUT' }));
    dns.lookup(host, { all: true }, (error, addresses) => {
      cancel();
      if (error) resolve(error.code === 'ENOTFOUND' ? { is: 'nowhere' } : { is: 'unknown', code: error.code ?? '' });
      else resolve({ is: addresses.every(({ address }) => isPublic(address)) ? 'outside' : 'inside' });
    });
  });
}
