/** Sends along what observers want sent, such as the place of an attempt in a trace; never in the place of what is there. */
import { namesHeader } from '../config/headers.ts';
import type { RequestOptions } from './call-of.ts';

type More = Readonly<Record<string, string>> | undefined;

/** Adds to the headers of a built request. */
export function addHeaders(request: Pick<RequestInit, 'headers'>, more: More): void {
  if (!more || !(request.headers instanceof Headers)) return;
  for (const name in more) if (!request.headers.has(name)) request.headers.set(name, more[name] as string);
}

/** Adds to the options of a request that somebody else's client builds. */
export function addToOptions(own: RequestOptions, more: More): void {
  if (!more) return;
  const { headers } = own;
  const missing = Object.entries(more).filter(([name]) => !headers || !namesHeader(headers, name));
  if (missing.length === 0) return;
  if (headers instanceof Headers) own.headers = new Headers([...headers, ...missing]);
  else if (!headers || Object.getPrototypeOf(headers) === Object.prototype)
    own.headers = { ...(headers as Record<string, string>), ...Object.fromEntries(missing) };
}
