// The simulator leaves the SDK out. That it still drives the pool as the client does is shown here: the same endpoints, the same
// calls, once through the client and once through the simulator, and every event is the same.
import { expect, it } from 'vitest';
import type { BalancerEvent, LoadBalancedOpenAIOptions } from '../../src/index.ts';
import { LoadBalancedOpenAI } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { SimulatedClient } from './client.ts';
import { Server } from './server.ts';
import { VirtualClock } from './virtual-clock.ts';

const NAMES = ['a', 'b'];
/** Enough for the failing one to be ejected; then it is well again, and a while later as many calls once more. */
const CALLS = 12;
const WHILE = 20_000;
const OPTIONS: LoadBalancedOpenAIOptions = { strategy: 'round-robin', logLevel: 'off', shareState: false };

type Plays = (stream: boolean, failing: string | undefined) => Promise<string[]>;

/** What of an event does not depend on how long things took. */
function shown(event: BalancerEvent): string {
  const told = { endpoint: '', verdict: '', ok: '', attempts: [], ...event } as Record<string, unknown>;
  const attempts = (told.attempts as { endpoint: string }[]).map(({ endpoint }) => endpoint);
  return [event.type, told.endpoint, told.verdict, told.ok, ...attempts].join(' ');
}

function answer(stream: boolean): Response {
  const choice = { index: 0, finish_reason: 'stop' };
  if (!stream) {
    const message = { role: 'assistant', content: 'hi' };
    return Response.json({ id: 'x', object: 'chat.completion', choices: [{ ...choice, message }] });
  }
  const event = { id: 'x', object: 'chat.completion.chunk', choices: [{ ...choice, delta: { content: 'hi' } }] };
  const headers = { 'content-type': 'text/event-stream' };
  return new Response(`data: ${JSON.stringify(event)}\n\ndata: [DONE]\n\n`, { headers });
}

const throughTheClient: Plays = async (stream, failing) => {
  const events: string[] = [];
  const clock = manualClock();
  let sick = failing !== undefined;
  const fetch = async (url: string | URL | Request) => {
    if (!sick || !String(url).startsWith(`https://${failing}.`)) return answer(stream);
    return Response.json({ error: { message: 'internal error' } }, { status: 500 });
  };
  const endpoints = NAMES.map((name) => ({ name, apiKey: 'key', baseURL: `https://${name}.example/v1` }));
  const observers = [(event: BalancerEvent) => void events.push(shown(event))];
  const client = new LoadBalancedOpenAI({ ...OPTIONS, endpoints, fetch, clock, observers });
  for (let call = 0; call < 2 * CALLS; call++) {
    if (call === CALLS) {
      sick = false;
      await clock.advance(WHILE);
    }
    const body = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hello' }] };
    if (stream) for await (const _ of await client.chat.completions.create({ ...body, stream: true }));
    else await client.chat.completions.create(body);
  }
  return events;
};

const simulated: Plays = async (stream, failing) => {
  const events: string[] = [];
  const clock = new VirtualClock(1);
  const fault = (name: string) => (name === failing ? ({ is: 'failing', after: 0 } as const) : undefined);
  const servers = new Map(NAMES.map((name) => [name, new Server(name, fault(name), clock)]));
  const options = { ...OPTIONS, observers: [(event: BalancerEvent) => void events.push(shown(event))] };
  const one = new SimulatedClient({ servers, clock, stream, options, sent: () => undefined });
  const { running } = one.core.dispatcher.parts.now;
  for (let call = 0; call < 2 * CALLS; call++) {
    if (call === CALLS) {
      for (const name of NAMES) servers.set(name, new Server(name, undefined, clock));
      const due = clock.now() + WHILE;
      clock.after(WHILE, () => undefined);
      await clock.run(() => clock.now() >= due);
    }
    void one.call({ at: 0, client: 0, prompt: 10, tokens: 1, most: 1, seed: call }, () => undefined);
    await clock.run(() => running.size === 0);
  }
  return events;
};

it.each([
  ['streams, all well', true, undefined],
  ['streams, one endpoint fails for a while', true, 'a'],
  ['plain calls, all well', false, undefined],
  ['plain calls, one endpoint fails for a while', false, 'b'],
])('%s: the same events as through the client', async (_, stream, failing) => {
  const expected = await throughTheClient(stream, failing);
  expect(expected.filter((line) => line.startsWith('call-end'))).toHaveLength(2 * CALLS);
  const changes = expected.filter((line) => line.startsWith('endpoint-')).map((line) => line.split(' ')[0]);
  expect(changes).toEqual(failing ? ['endpoint-ejected', 'endpoint-restored'] : []);
  expect(await simulated(stream, failing)).toEqual(expected);
});
