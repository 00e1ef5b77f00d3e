/**
 * Who may reach the admin API and the dashboard at all, before any key is looked at. A page of the web can make a browser send
 * calls to any address it can reach, and by a name of its own that leads there even read the replies: `Host`, `Origin` and
 * `Sec-Fetch-Site` give it away.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { Refused } from '../http/api-error.ts';
import { isLoopback, isProxied } from '../http/guard.ts';

/** What the gateway knows of its own place. */
export interface AdminPlace {
  /** It is reached from this machine alone. */
  readonly local: boolean;
  /** Further names it is reached by. */
  readonly hosts: readonly string[];
}

/** The name or address in `name:port`, without brackets. */
function nameIn(host: string): string | undefined {
  const url = `http://${host}`;
  if (!/^[\w.:[\]-]+$/.test(host) || !URL.canParse(url)) return undefined;
  return new URL(url).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

function isOwn(host: string, { local, hosts }: AdminPlace): boolean {
  const name = nameIn(host);
  if (name === undefined) return false;
  // An address is no name that somebody else could lead here.
  if (isLoopback(name) || (!local && isIP(name) > 0)) return true;
  return hosts.some((own) => own.toLowerCase() === name);
}

/** @throws Refused 421 for a name that is not the gateway's, 403 for what a page of elsewhere sent. */
export function refuseForeignPages(headers: IncomingHttpHeaders, place: AdminPlace): void {
  const { host = '', origin, 'sec-fetch-site': site } = headers;
  if (!isOwn(host, place)) {
    const message =
      'This is not reached by that name; use localhost or the IP address, or name it in admin: { hosts: [...] } of the configuration file.';
    throw new Refused({ status: 421, message, code: 'foreign_host' });
  }
  const isForeign = origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`;
  if (isForeign || (site !== undefined && site !== 'same-origin' && site !== 'none')) {
    const message = 'This takes nothing from web pages of other places.';
    throw new Refused({ status: 403, message, code: 'foreign_origin' });
  }
}

/** @throws Refused where there are no admin keys, for all but programs of this machine. */
export function refuseStrangers(headers: IncomingHttpHeaders, { local }: AdminPlace): void {
  if (local && !isProxied(headers)) return;
  const message =
    'Without admin keys this is for programs of this machine alone. To use it from elsewhere, add adminKeys: [{ name, key }] to the configuration file, with a key of your own, such as 32 random bytes.';
  throw new Refused({ status: 403, message, code: 'no_admin_keys' });
}
