// A group with endpoints of both kinds: its strategy holds over all of them, for messages as for chats.
import { describe, expect, it } from 'vitest';
import { type FaultServer, faultServer, type ServerRequest } from '../../../src/testing/index.ts';
import { endpointOf, gatewayWith, type TestGateway } from '../../support/gateway.ts';

const usage = { input_tokens: 5, output_tokens: 7 };
const message = { id: 'msg_up', type: 'message', role: 'assistant', model: 'm', stop_reason: 'end_turn', usage };
const speak = ({ path }: ServerRequest) =>
  path.endsWith('/messages')
    ? { status: 200, body: { ...message, content: [{ type: 'text', text: 'Hello from Claude.' }] } }
    : undefined;

const group = (strategy: string, ...names: string[]) => ({
  groups: { best: { strategy, endpoints: names.map((endpoint) => ({ endpoint, model: `model-of-${endpoint}` })) } },
});
const both = (openai: FaultServer, anthropic: FaultServer) => [
  endpointOf(openai),
  endpointOf(anthropic, { type: 'anthropic' }),
];

async function ask(gateway: TestGateway, content = 'hi', more: object[] = []): Promise<string> {
  const messages = [{ role: 'user', content }, ...more];
  const body = JSON.stringify({ model: 'best', max_tokens: 5, messages });
  const headers = { 'content-type': 'application/json' };
  const response = await gateway.get('/v1/messages', { method: 'POST', headers, body });
  await response.text();
  return `${response.headers.get('x-endpoint')} ${response.status} after ${response.headers.get('x-attempts')}`;
}

describe('a group of both kinds', () => {
  it('shares messages as its strategy says, whichever kind stands first', async () => {
    await using a = await faultServer({ name: 'a' });
    await using b = await faultServer({ name: 'b', script: speak });
    await using gateway = await gatewayWith({ endpoints: both(a, b), ...group('round-robin', 'a', 'b') });
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push(await ask(gateway));
    expect(answers.sort()).toEqual(['a 200 after 1', 'a 200 after 1', 'b 200 after 1', 'b 200 after 1']);
    expect(a.requests.map(({ path }) => path)).toEqual(['/v1/chat/completions', '/v1/chat/completions']);
    expect(b.requests.map(({ path }) => path)).toEqual(['/v1/messages', '/v1/messages']);
  });

  it('keeps the order of a priority, and asks the other kind when the first fails', async () => {
    await using a = await faultServer({ name: 'a' });
    await using b = await faultServer({ name: 'b', script: speak });
    await using gateway = await gatewayWith({
      ...{ endpoints: both(a, b), maxRetries: 0 },
      ...group('priority', 'b', 'a'),
    });
    expect(await ask(gateway)).toBe('b 200 after 1');
    b.script([{ status: 429, retryAfter: 60 }]);
    expect(await ask(gateway)).toBe('a 200 after 2');
    // Cooling down, it is nobody's choice.
    expect(await ask(gateway)).toBe('a 200 after 1');
  });

  it('sends a long conversation back to who served its last turn', async () => {
    await using a = await faultServer({ name: 'a' });
    await using b = await faultServer({ name: 'b', script: speak });
    await using gateway = await gatewayWith({ endpoints: both(a, b), ...group('round-robin', 'a', 'b') });
    const long = 'word '.repeat(3_000);
    const first = await ask(gateway, long);
    const turns = [
      { role: 'assistant', content: 'yes' },
      { role: 'user', content: 'and then?' },
    ];
    for (let i = 0; i < 3; i++) expect(await ask(gateway, long, turns)).toBe(first);
  });
});
