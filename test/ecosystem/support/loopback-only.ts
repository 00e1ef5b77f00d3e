// Preloaded into every process of these tests, children included: whoever reaches for another machine is refused, and
// the process fails. Why: libraries send traces, usage and pings of their own, and a test must not depend on the internet.
import type { Socket } from 'node:net';

const net = process.getBuiltinModule('node:net');
const dgram = process.getBuiltinModule('node:dgram');
const dns = process.getBuiltinModule('node:dns');

const reached: string[] = [];

/** Whether that is another machine, which is then written down. No name at all means this one. */
function elsewhere(host: unknown): boolean {
  if (typeof host !== 'string' || /^(localhost|127\.\d+\.\d+\.\d+|::1?|::ffff:127\..+)$/.test(host)) return false;
  reached.push(host);
  return true;
}

/** Nobody listens there. */
const NOWHERE = { host: '127.0.0.1', port: 1 };

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (this: Socket, ...args: Parameters<Socket['connect']>) {
  // Either as the caller wrote them, or one list that `net` has already put in order.
  const [first, second] = (Array.isArray(args[0]) ? args[0] : args) as unknown[];
  const host = typeof first === 'object' && first !== null ? (first as { host?: unknown }).host : second;
  return elsewhere(host) ? Reflect.apply(connect, this, [NOWHERE]) : connect.apply(this, args);
} as Socket['connect'];

for (const resolver of [dns, dns.promises]) {
  const { lookup } = resolver;
  const guarded = (host: string, ...rest: unknown[]) =>
    Reflect.apply(lookup, resolver, [elsewhere(host) ? NOWHERE.host : host, ...rest]);
  // With all that hangs on it, such as what `promisify` goes by.
  resolver.lookup = Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(lookup)) as typeof dns.lookup &
    typeof dns.promises.lookup;
}

const { send } = dgram.Socket.prototype;
dgram.Socket.prototype.send = function (this: unknown, message: unknown, ...args: unknown[]) {
  // send(message, [offset, length,] [port,] [address,] [callback])
  const to = args.map((arg) => (elsewhere(arg) ? NOWHERE.host : arg));
  return Reflect.apply(send, this, [message, ...to]);
} as typeof send;

process.on('exit', () => {
  if (reached.length === 0) return;
  process.stderr.write(`Reached for other machines: ${[...new Set(reached)].join(', ')}\n`);
  process.exitCode = 1;
});
