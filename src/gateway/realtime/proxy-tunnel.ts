/** The way of a socket through the proxy that the environment names, where calls take it too: a tunnel, opened by `CONNECT`. */
import { request as askPlainly } from 'node:http';
import { request as askSecurely } from 'node:https';
import { type createConnection, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as secure } from 'node:tls';

/** How long a proxy may take to open it, in ms. */
const WITHIN = 15_000;
const PORTS: Readonly<Record<string, string>> = { 'ws:': '80', 'http:': '80', 'wss:': '443', 'https:': '443' };

/** The smaller letters count first, as everywhere. */
const variable = (name: string): string => process.env[name] || process.env[name.toUpperCase()] || '';
const portOf = ({ port, protocol }: URL): string => port || (PORTS[protocol] ?? '');
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

/** `NO_PROXY` lists the host: by its name, by the end of it, or with its port. */
function isListed(url: URL): boolean {
  const entries = variable('no_proxy')
    .toLowerCase()
    .split(/[,\s]+/);
  return entries.some((entry) => {
    const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
    if (name === '' || (port !== undefined && port !== portOf(url))) return false;
    const end = name.replace(/^\*/, '');
    return /^[*.]/.test(name) ? hostOf(url).endsWith(end) : hostOf(url) === name;
  });
}

/** The proxy for an address; `undefined` = it is reached without one. */
export function proxyFor(url: URL): URL | undefined {
  const plain = variable('http_proxy');
  const found = url.protocol === 'wss:' ? variable('https_proxy') || plain : plain;
  return found === '' || isListed(url) || !URL.canParse(found) ? undefined : new URL(found);
}

type Connect = (options: object, done: (error: Error | null, socket?: Duplex) => void) => void;

/** What a proxy said in place of opening a tunnel; who judges it knows the words of undici. */
const refused = (status: number | undefined) =>
  Object.assign(new Error(`Proxy response (${status}): it opens no tunnel.`), { code: 'ERR_PROXY_TUNNEL' });

/** Makes connections to `url` by tunnels of the proxy. */
export function tunnel(proxy: URL, url: URL, signal: AbortSignal): typeof createConnection {
  const place = `${url.hostname}:${portOf(url)}`;
  const { username, password } = proxy;
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  const headers = { host: place, ...(username !== '' && { 'proxy-authorization': `Basic ${credentials}` }) };
  const connect: Connect = (options, done) => {
    const ask = proxy.protocol === 'https:' ? askSecurely : askPlainly;
    const to = { host: hostOf(proxy), port: portOf(proxy), method: 'CONNECT', path: place, agent: false as const };
    const asked = ask({ ...to, headers, signal, timeout: WITHIN });
    asked.once('timeout', () => asked.destroy(refused(undefined)));
    asked.once('error', done);
    asked.once('connect', ({ statusCode }, socket) => {
      if (statusCode !== 200) {
        socket.destroy();
        done(refused(statusCode));
        return;
      }
      socket.setTimeout(0);
      const name = hostOf(url);
      done(null, url.protocol === 'wss:' ? secure({ ...options, socket, servername: isIP(name) ? '' : name }) : socket);
    });
    asked.end();
  };
  return connect as unknown as typeof createConnection;
}
