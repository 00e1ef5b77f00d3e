/** The subprotocols of a handshake. Browsers, which can set no header, tell their key there: it goes no further. */
import type { IncomingHttpHeaders } from 'node:http';

const KEY = 'openai-insecure-api-key.';
/** What of them says whose call it is, which is nobody's affair but ours. */
const OWN = /^openai-(insecure-api-key|organization|project)\./;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
const MOST = 16;

/** What a client offers, without what is meant for the gateway alone; `undefined` = that is no list of names. */
export function offered({ 'sec-websocket-protocol': given }: IncomingHttpHeaders): readonly string[] | undefined {
  if (given === undefined) return [];
  const names = given.split(',').map((name) => name.trim());
  const isFine = names.length <= MOST && new Set(names).size === names.length;
  const isNamed = (name: string) => NAME.test(name) || (OWN.test(name) && !/[\s,]/.test(name));
  return isFine && names.every(isNamed) ? names.filter((name) => !OWN.test(name)) : undefined;
}

/** The headers of a call with the key that came along as a subprotocol, if it came so. */
export function withKey(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  if (headers.authorization !== undefined || headers['x-api-key'] !== undefined) return headers;
  const names = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const key = names.find((name) => name.startsWith(KEY))?.slice(KEY.length);
  return key ? { ...headers, 'x-api-key': key } : headers;
}
