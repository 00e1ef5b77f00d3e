// A process may hold the package twice, as ESM and as CJS: both learn from one state, whichever of them made it.
import { beforeEach, expect, it, vi } from 'vitest';
import { attemptsOf, LoadBalancedOpenAI } from '../../src/index.ts';

const ANSWER = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-5',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
});
const ASK = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'Hi' }] };

let Copy: typeof LoadBalancedOpenAI;
beforeEach(async () => {
  vi.resetModules();
  ({ LoadBalancedOpenAI: Copy } = await import('../../src/index.ts'));
  expect(Copy).not.toBe(LoadBalancedOpenAI);
});

let pools = 0;
/** Makes clients of endpoints that no other test has. */
function poolOf(headers: Record<string, string> = {}) {
  pools += 1;
  const host = `http://two-copies-${pools}.example/v1`;
  const answer = () =>
    Promise.resolve(new Response(ANSWER, { headers: { 'content-type': 'application/json', ...headers } }));
  return (Client: typeof LoadBalancedOpenAI, keys = ['k1', 'k2']) =>
    new Client(
      keys.map((apiKey) => ({ name: apiKey, apiKey, baseURL: host, fetch: answer })),
      { hedge: {} },
    );
}

const endpointsOf = (client: LoadBalancedOpenAI) => client.balancer.snapshot().endpoints;

it('one reads the times that the other learned', async () => {
  const clientOf = poolOf();
  const first = clientOf(LoadBalancedOpenAI);
  for (let call = 0; call < 50; call++) await first.chat.completions.create(ASK);
  const second = clientOf(Copy);
  const answered = await second.chat.completions.create(ASK);
  expect(attemptsOf(answered)).toMatchObject([{ verdict: 'ok' }]);
  expect(endpointsOf(first).reduce((sum, { attempts }) => sum + attempts, 0)).toBe(51);
});

it('one takes a quota for its own that the other met', async () => {
  const clientOf = poolOf({ 'openai-organization': 'org-1' });
  await clientOf(LoadBalancedOpenAI, ['k1']).chat.completions.create(ASK);
  const second = clientOf(Copy, ['k2']);
  await second.chat.completions.create(ASK);
  expect(endpointsOf(second)).toMatchObject([{ attempts: 1, successes: 1 }]);
});
