/**
 * Who may reach a gateway that asks for no key: programs of this machine, not pages of the web. A page can make a browser send calls
 * to a loopback address, and by a name of its own that leads there even read the replies; `Origin` and `Host` give it away.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Refused } from './api-error.ts';

const LOOPBACK = /^(localhost|[\w-]+\.localhost|127(\.\d{1,3}){3}|\[::1\]|::1|\[::ffff:127(\.\d{1,3}){3}\])$/i;

/** A name or address of this machine alone. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

/** What whoever came by a proxy brings along. */
const PROXIED = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'] as const;

/** A proxy on this machine may bring anybody here. */
export const isProxied = (headers: IncomingHttpHeaders): boolean => PROXIED.some((name) => headers[name] !== undefined);

/** The host of `name:port`. */
const hostOf = (value: string) => value.replace(/:\d+$/, '');

function originHost(origin: string): string | undefined {
  try {
    return new URL(origin).hostname;
  } catch {
    return undefined;
  }
}

/** @throws Refused for what comes from a page of the web, or by a name that is not this machine's. */
export function refuseForeign({ host = '', origin, 'sec-fetch-site': site }: IncomingHttpHeaders): void {
  if (!isLoopback(hostOf(host))) {
    const message = 'This gateway answers to localhost only; set client keys to reach it by another name.';
    throw new Refused({ status: 421, message, code: 'foreign_host' });
  }
  // A picture or a link of a page comes without an origin.
  if ((origin !== undefined && !isLoopback(originHost(origin) ?? '')) || site === 'cross-site') {
    const message = 'This gateway takes no calls from web pages of other places; set client keys to allow them.';
    throw new Refused({ status: 403, message, code: 'foreign_origin' });
  }
}
