// The promise: the SDK's own socket classes open their sockets with a balanced client (at its first endpoint) and with one taken
// from the pool, Azure included; what a socket reports is held against its endpoint.
import type OpenAI from 'openai';
import { AzureOpenAI } from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { attemptsOf, LoadBalancedOpenAI } from '../../src/index.ts';
import { greeting, type SocketServer, socketServer } from '../support/socket-server.ts';

type Socket = Pick<OpenAIRealtimeWS, 'on' | 'close'>;
type SocketClass = new (...args: unknown[]) => Socket;
type Open = (Class: SocketClass, client: OpenAI, model: string, server: SocketServer) => Socket;

const realtime: Open = (Class, client, model, { ca }) => new Class({ model, options: { ca } }, client);
const builtIn: Open = (Class, client, model) => new Class({ model }, client);
const others: Open = (Class, client, _, { ca }) => new Class(client, { ca });

// The SDK's classes, each opened as user code does it; older versions do not have them all.
const classes: [name: string, module: string, open: Open][] = [
  ['OpenAIRealtimeWS', 'openai/realtime/ws', realtime],
  ['OpenAIRealtimeWebSocket', 'openai/realtime/websocket', builtIn],
  ['OpenAIRealtimeWS', 'openai/beta/realtime/ws', realtime],
  ['OpenAIRealtimeWebSocket', 'openai/beta/realtime/websocket', builtIn],
  ['ResponsesWS', 'openai/resources/responses/ws', others],
  ['LiveWS', 'openai/resources/live/ws', others],
  [
    'SidebandWS',
    'openai/resources/live/sideband/ws',
    (Class, client, _, { ca }) => new Class(client, { session_id: 'live_1' }, { ca }),
  ],
];
const loaded = await Promise.all(
  classes.map(async ([name, module, open]) => {
    const exports = (await import(/* @vite-ignore */ module).catch(() => ({}))) as Record<string, SocketClass>;
    return { name, module, open, Class: exports[name] as SocketClass };
  }),
);
const known = loaded.filter(({ Class }) => Class !== undefined);

/** The built-in class, made to trust our certificate: it has no option for that. */
function trust({ ca }: SocketServer): void {
  vi.stubGlobal(
    'WebSocket',
    class extends WebSocket {
      // Node's own takes options with headers in the place of the protocols as well.
      constructor(url: string | URL, more: string[] | object = []) {
        if (Array.isArray(more)) super(url, more, { ca });
        else super(url, [], { ...more, ca });
      }
    },
  );
}
afterEach(() => vi.unstubAllGlobals());

/** What comes first: an event, or an error. */
const first = (socket: Socket) =>
  new Promise<unknown>((resolve) => {
    socket.on('event', resolve);
    socket.on('error', resolve);
  });

async function stage() {
  const [a, b] = [await socketServer('a'), await socketServer('b')];
  const client = new LoadBalancedOpenAI(
    [
      { name: 'a', apiKey: 'sk-a', baseURL: `${a.origin}/v1` },
      { name: 'b', apiKey: 'sk-b', baseURL: `${b.origin}/v1`, modelMap: { 'gpt-realtime': 'rt-of-b' } },
    ],
    { logLevel: 'off', shareState: false },
  );
  const azure = new LoadBalancedOpenAI(
    [
      { name: 'a', apiKey: 'sk-a', baseURL: `${a.origin}/v1` },
      {
        ...{ name: 'azure', type: 'azure', apiKey: 'azure-key', endpoint: b.origin, apiVersion: '2025-04-01-preview' },
        modelMap: { 'gpt-realtime': 'my-deployment' },
      },
    ],
    { logLevel: 'off', shareState: false },
  );
  trust(a);
  const close = () => Promise.all([a.close(), b.close()]);
  return { a, b, client, azure, [Symbol.asyncDispose]: async () => void (await close()) };
}
const keyOf = ({ headers }: SocketServer['opened'][number]) =>
  headers.authorization ??
  `${headers['sec-websocket-protocol']}`.replace(/.*openai-insecure-api-key\.([^,]+).*/, 'Bearer $1');

describe.each(known)('$name of $module', ({ Class, open, module }) => {
  it('opens at the first endpoint with a balanced client', async () => {
    await using there = await stage();
    const socket = open(Class, there.client, 'gpt-realtime', there.a);
    expect(await first(socket)).toEqual(greeting('a'));
    expect(there.a.opened.map(keyOf)).toEqual(['Bearer sk-a']);
    expect(there.b.opened).toEqual([]);
    socket.close();
  });

  it('opens at the endpoint of a taken client, with its name of the model', async () => {
    await using there = await stage();
    using taken = await there.client.balancer.take({ model: 'gpt-realtime', endpoint: 'b' });
    const socket = open(Class, taken.client, taken.model, there.b);
    expect(await first(socket)).toEqual(greeting('b'));
    expect(there.b.opened.map(keyOf)).toEqual(['Bearer sk-b']);
    if (module.includes('realtime')) expect(there.b.opened[0]?.query).toMatchObject({ model: 'rt-of-b' });
    expect(there.a.opened).toEqual([]);
    socket.close();
  });
});

describe('Azure', () => {
  const azureClasses = known.filter(({ module }) => module.includes('realtime'));
  type Azure = { azure(client: AzureOpenAI, props: object): Promise<Socket> };

  it.each(azureClasses)('azure() of $module takes the deployment', async ({ Class, module }) => {
    await using there = await stage();
    using taken = await there.azure.balancer.take({ model: 'gpt-realtime', endpoint: 'azure' });
    const { client, model } = taken;
    if (!(client instanceof AzureOpenAI)) throw new TypeError('It should be an AzureOpenAI.');
    const options = module.endsWith('ws') ? { options: { ca: there.b.ca } } : {};
    const socket = await (Class as unknown as Azure).azure(client, { deploymentName: model, ...options });
    expect(await first(socket)).toEqual(greeting('b'));
    const [opened] = there.b.opened;
    expect(Object.values(opened?.query ?? {})).toContain('my-deployment');
    expect(opened?.path).toMatch(/^\/openai\/(v1\/)?realtime$/);
    const key = opened?.headers['api-key'] ?? opened?.query['api-key'] ?? opened?.headers['sec-websocket-protocol'];
    expect(String(key)).toContain('azure-key');
    socket.close();
  });
});

describe('a socket that could not connect', () => {
  it('is told with release(error), and the next one goes elsewhere', async () => {
    await using there = await stage();
    const { balancer } = there.client;
    there.a.answer(503);
    /** As the README shows it. */
    const connect = async () => {
      const taken = await balancer.take({ model: 'gpt-realtime' });
      const { ca } = taken.endpoint === 'a' ? there.a : there.b;
      const socket = new OpenAIRealtimeWS({ model: taken.model, options: { ca } }, taken.client);
      const came = await first(socket);
      if (came instanceof Error) taken.release(came);
      else {
        taken.release();
        socket.close();
      }
      return taken;
    };
    const seen: string[] = [];
    for (let round = 0; round < 14; round++) {
      const taken = await connect();
      seen.push(`${taken.endpoint} ${attemptsOf(taken)[0]?.verdict}`);
    }
    expect(new Set(seen)).toEqual(new Set(['a overloaded', 'b ok']));
    // Five in a row are enough.
    expect(there.a.opened).toHaveLength(5);
    const [a] = balancer.snapshot().endpoints;
    expect(a).toMatchObject({ failures: 5, inFlight: 0, models: [{ model: 'gpt-realtime', breaker: 'open' }] });
  });
});
