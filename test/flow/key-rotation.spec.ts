// The promise: keys may be rotated for as long as the process lives. An endpoint that was drained costs next to nothing once it is
// idle, the last ones can still be seen and asked for, and the ids of those that are forgotten lead to no other account.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LoadBalancedOpenAI } from '../../src/index.ts';
import { chat, failure } from '../support/calls.ts';
import { collectGarbage } from '../support/parts.ts';

const BASE = 'https://api.example/v1';
const answer = (path: string) =>
  path.endsWith('/files')
    ? { id: `file-${path.length}-made`, object: 'file' }
    : { object: 'chat.completion', choices: [{ index: 0, finish_reason: 'stop', message: { content: 'Hi.' } }] };

let client: LoadBalancedOpenAI;
let sent: string[];
const fetches: WeakRef<object>[] = [];

/** An endpoint with a key and a transport of its own. */
function endpoint(key: string) {
  const fetch = async (url: unknown, init?: RequestInit) => {
    sent.push(new Headers(init?.headers).get('authorization') ?? '');
    return Response.json(answer(String(url)));
  };
  fetches.push(new WeakRef(fetch));
  return { apiKey: key, baseURL: BASE, fetch };
}

beforeEach(() => {
  sent = [];
  fetches.length = 0;
  client = new LoadBalancedOpenAI([endpoint('key-0')], { logLevel: 'off' });
});
afterEach(() => client.close());

/** Replaces the only endpoint in use, over and over, with a call through each. */
async function rotate(times: number, offset = 0): Promise<string[]> {
  const { balancer } = client;
  const names: string[] = [];
  for (let turn = 1; turn <= times; turn++) {
    const before = balancer.snapshot().endpoints.find(({ drained }) => !drained)!.name;
    names.push(balancer.add(endpoint(`key-${offset + turn}`)));
    await balancer.drain(before);
    await chat(client);
    expect(sent.at(-1)).toBe(`Bearer key-${offset + turn}`);
  }
  return names;
}

it('the last hundred drained ones are seen and asked for as before', async () => {
  const names = await rotate(130);
  const { endpoints } = client.balancer.snapshot();
  expect(endpoints.map(({ name }) => name)).toEqual(names.slice(-101));
  expect(endpoints.map(({ drained }) => drained)).toEqual([...Array<boolean>(100).fill(true), false]);
  expect(endpoints.every(({ successes }) => successes === 1)).toBe(true);
  await client.balancer.endpoint(names.at(-50)!).models.list();
  expect(sent.at(-1)).toBe('Bearer key-81');
  expect(() => client.balancer.endpoint(names[0]!)).toThrow('There is no endpoint');
});

it('no two ever have the same name, and the ids of one that is forgotten lead nowhere', async () => {
  const file = await client.files.create({ purpose: 'batch', file: new File(['x'], 'x.jsonl') });
  const names = await rotate(20);
  expect((await failure(client.files.retrieve(file.id))).message).toContain("endpoint 'openai-1', which is drained");
  names.push(...(await rotate(130, 20)));
  expect(new Set(['openai-1', ...names]).size).toBe(151);
  const asked = sent.length;
  expect((await failure(client.files.retrieve(file.id))).message).toContain(
    "endpoint 'openai-1', which is not in the pool",
  );
  expect(() => client.balancer.add({ ...endpoint('x'), name: 'openai-2' })).toThrow('"openai-2" is taken');
  expect(sent).toHaveLength(asked);
});

it('one that still runs a call is not forgotten before that is over', async () => {
  let release: (response: Response) => void = () => undefined;
  const fetch = () => new Promise<Response>((resolve) => (release = resolve));
  const name = client.balancer.add({ apiKey: 'slow', baseURL: BASE, fetch, models: ['slow'] });
  const running = chat(client.balancer.pin(name), { model: 'slow' });
  await new Promise((resolve) => setImmediate(resolve));
  const draining = client.balancer.drain(name);
  await rotate(120);
  expect(client.balancer.snapshot().endpoints.find((each) => each.name === name)).toMatchObject({ inFlight: 1 });
  release(Response.json(answer('')));
  expect((await running).choices[0]?.message.content).toBe('Hi.');
  await draining;
});

it('a thousand rotations leave nothing behind but names', async () => {
  // As many states as the process remembers, for clients that are built anew for each call.
  await rotate(1_000);
  await collectGarbage();
  const before = process.memoryUsage().heapUsed;
  await rotate(400, 1_000);
  sent.length = 0;
  await collectGarbage();
  expect(fetches.filter((fetch) => fetch.deref() !== undefined).length).toBeLessThan(110);
  // A client of the SDK alone would be some 20 kB.
  expect((process.memoryUsage().heapUsed - before) / 400).toBeLessThan(5_000);
}, 60_000);
