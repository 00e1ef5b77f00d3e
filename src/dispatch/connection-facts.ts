/** What the cause chain of a failed connection tells: codes, how far the request can have got, and who was not reached. Pure. */

/** The facts of a connection that failed. */
export interface ConnectionFacts {
  /** System and undici codes down the cause chain, e.g. `ECONNREFUSED`. */
  readonly causes: ReadonlySet<string>;
  /** True when the request cannot have begun: no address, no connection, no handshake. */
  readonly neverSent: boolean;
  /** True when the connection that failed had served a reply before. */
  readonly reusedSocket: boolean;
  /** The address that could not be reached, as far as it is known. */
  readonly unreached: { readonly hostname?: string; readonly port?: number } | undefined;
  /** True when a proxy wants credentials of its own. */
  readonly proxyRefuses: boolean;
}

/** Nothing was sent: nobody listens, no such host, no route, no handshake. */
const CONNECT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
  'EPROTO',
  'ERR_INVALID_URL',
]);
/** System calls that come before sending; `query…` are those of a resolver of one's own. */
const BEFORE_SENDING = /^(connect|getaddrinfo|query\w+)$/;
/** The same where only words say it: a handshake cut short, a port fetch never opens, a proxy without a tunnel, a stream that HTTP/2 says was not begun. */
const NEVER_SENT = /before secure TLS connection was established|^bad port$|^Proxy response \(|NGHTTP2_REFUSED_STREAM/;
const NO_TUNNEL = /^Proxy response \(407\)/;

type Loose = Record<string, unknown>;

/** A reply of 407 is hidden by fetch behind an error without a word; nothing else is. */
function hides407({ message, cause }: Loose): boolean {
  if (message !== 'fetch failed' || typeof cause !== 'object' || cause === null) return false;
  const why = cause as Loose;
  return why.name === 'Error' && why.message === '' && why.code === undefined;
}

const isCode = (code: unknown): code is string => typeof code === 'string';

/** Reads the causes of an error. Its own `code` is none: there the API writes what it likes. */
export function connectionFacts(error: unknown): ConnectionFacts {
  const causes = new Set<string>();
  const facts = { causes, neverSent: false, reusedSocket: false, proxyRefuses: false };
  let unreached: ConnectionFacts['unreached'];
  const note = ({ code, syscall, port, hostname, message }: Loose) => {
    if (isCode(code)) causes.add(code);
    if (isCode(code) && (CONNECT.has(code) || code.startsWith('ERR_SSL_'))) facts.neverSent = true;
    if (typeof message === 'string' && NEVER_SENT.test(message)) facts.neverSent = true;
    if (typeof message === 'string' && NO_TUNNEL.test(message)) facts.proxyRefuses = true;
    // Timed out or reset while connecting: nothing was sent yet.
    if (typeof syscall !== 'string' || !BEFORE_SENDING.test(syscall)) return;
    facts.neverSent = true;
    if (typeof hostname === 'string') unreached = { hostname };
    else if (typeof port === 'number') unreached = { port };
  };
  let current = error;
  for (let depth = 0; depth < 6 && typeof current === 'object' && current !== null; depth++) {
    const { cause, socket, errors, message } = current as Loose;
    if (depth > 0) note(current as Loose);
    if (hides407(current as Loose)) Object.assign(facts, { neverSent: true, proxyRefuses: true });
    // A bad response is one: then it was no race with a server that closes idle connections.
    if (((socket as Loose | undefined)?.bytesRead as number) > 0 && !/^bad /.test(String(message)))
      facts.reusedSocket = true;
    // Happy Eyeballs reports one error per address.
    if (Array.isArray(errors)) for (const each of errors) if (typeof each === 'object' && each !== null) note(each);
    current = cause;
  }
  return { ...facts, unreached };
}

/** True when what failed is a proxy in between, which other endpoints may share: it wants credentials, or it is not there. */
export function isProxyFault({ unreached, proxyRefuses }: ConnectionFacts, baseURL: string): boolean {
  if (proxyRefuses) return true;
  if (!unreached || !URL.canParse(baseURL)) return false;
  const { protocol, hostname, port } = new URL(baseURL);
  if (unreached.hostname !== undefined) return unreached.hostname.toLowerCase() !== hostname;
  return unreached.port !== (Number(port) || (protocol === 'https:' ? 443 : 80));
}
