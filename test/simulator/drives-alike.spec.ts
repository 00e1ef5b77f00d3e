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
const CALLS = 12;

/** What of an event does not depend on how long things took. */
function shown(event: BalancerEvent): string {
  const {
    type,
    endpoint = '',
    verdict = '',
    ok = '',
    attempts = [],
  } = event as Record<string, unknown> & BalancerEvent;
  return [type, endpoint, verdict, ok, (attempts as { endpoint: string }[]).map((each) => each.endpoint)].join(' ');
}

function chunks(stream: boolean): Response {
  const choice = { index: 0, finish_reason: 'stop' };
  if (!stream) {
    const message = { role: 'assistant', content: 'hi' };
    return Response.json({ id: 'x', object: 'chat.completion', choices: [{ ...choice, message }] });
  }
  const event = { id: 'x', object: 'chat.completion.chunk', choices: [{ ...choice, delta: { content: 'hi' } }] };
  const headers = { 'content-type': 'text/event-stream' };
  return new Response(`data: ${JSON.stringify(event)}\n\ndata: [DONE]\n\n`, { headers });
}

async function client(
  stream: boolean,
  failing: string | undefined,
  given: LoadBalancedOpenAIOptions,
): Promise<string[]> {
  const events: string[] = [];
  const fetch = async (url: string | URL | Request) => {
    if (failing === undefined || !String(url).startsWith(`https://${failing}.`)) return chunks(stream);
    return Response.json({ error: { message: 'internal error' } }, { status: 500 });
  };
  const endpoints = NAMES.map((name) => ({ name, apiKey: 'key', baseURL: `https://${name}.example/v1` }));
  const options = { ...given, endpoints, fetch, clock: manualClock(), shareState: false, logLevel: 'off' as const };
  const openai = new LoadBalancedOpenAI({ ...options, observers: [(event) => void events.push(shown(event))] });
  for (let call = 0; call < CALLS; call++) {
    const body = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hello' }] };
    if (stream) for await (const _ of await openai.chat.completions.create({ ...body, stream: true }));
    else await openai.chat.completions.create(body);
  }
  return events;
}

async function simulated(
  stream: boolean,
  failing: string | undefined,
  given: LoadBalancedOpenAIOptions,
): Promise<string[]> {
  const events: string[] = [];
  const clock = new VirtualClock(1);
  const fault = (name: string) => (name === failing ? ({ is: 'failing', after: 1 } as const) : undefined);
  const servers = new Map(NAMES.map((name) => [name, new Server(name, fault(name), clock)]));
  const options = { ...given, observers: [(event: BalancerEvent) => void events.push(shown(event))] };
  const one = new SimulatedClient({ servers, clock, stream, options, sent: () => undefined });
  for (let call = 0; call < CALLS; call++) {
    void one.call({ at: 0, client: 0, prompt: 10, tokens: 10, seed: call }, () => undefined);
    await clock.run(() => one.core.dispatcher.parts.now.running.size === 0);
  }
  return events;
}

it.each([
  ['streams, all well', true, undefined],
  ['streams, one endpoint answers 500', true, 'a'],
  ['plain calls, all well', false, undefined],
  ['plain calls, one endpoint answers 500', false, 'b'],
])('%s: the same events as through the client', async (_, stream, failing) => {
  // A long rest, so that no breaker comes back by the time that only the simulation spends.
  const options: LoadBalancedOpenAIOptions = { strategy: 'round-robin', breaker: { resetTimeout: 600_000 } };
  const expected = await client(stream, failing, options);
  expect(expected.filter((line) => line.startsWith('call-end'))).toHaveLength(CALLS);
  if (failing) expect(expected.some((line) => line.startsWith('endpoint-ejected'))).toBe(true);
  expect(await simulated(stream, failing, options)).toEqual(expected);
});
