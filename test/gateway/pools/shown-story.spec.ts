// The story of a call names endpoints as the configuration does, also where a pool has one of them several times.
import { describe, expect, it } from 'vitest';
import { shownAttempts, shownDecisions } from '../../../src/gateway/pools/shown-story.ts';
import { faultServer } from '../../../src/testing/index.ts';
import { ask } from '../../support/admin.ts';
import { endpointOf, gatewayWith } from '../../support/gateway.ts';

const attempt = (endpoint: string) =>
  ({ endpoint, model: 'm', verdict: 'ok', status: 200, ms: 1, billed: 'yes' }) as const;

describe('the story of a call', () => {
  it('names each endpoint once, with the reason that says most', () => {
    const decision = {
      ms: 1,
      eligible: ['a..2', 'b', 'b..2'],
      excluded: [
        { endpoint: 'a', reason: 'cooling down' },
        { endpoint: 'c', reason: "has no model 'x' (models)" },
        { endpoint: 'c..2', reason: 'ejected' },
        { endpoint: 'd', reason: 'drained' },
        { endpoint: 'd..2', reason: "has no model 'x' (models)" },
      ],
      picked: 'a..2',
      reason: 'random',
    };
    expect(shownDecisions([decision])).toEqual([
      {
        ...{ ms: 1, eligible: ['a', 'b'], picked: 'a', reason: 'random' },
        excluded: [
          { endpoint: 'c', reason: 'ejected' },
          { endpoint: 'd', reason: 'drained' },
        ],
      },
    ]);
    expect(shownAttempts([attempt('a..2'), attempt('b')]).map(({ endpoint }) => endpoint)).toEqual(['a', 'b']);
  });

  it('stays the very same where there is nothing to do, names with dots included', () => {
    const decisions = [{ ms: 1, eligible: ['a..b'], excluded: [], picked: 'v1..x' }];
    const attempts = [attempt('a..b')];
    expect(shownDecisions(decisions)).toBe(decisions);
    expect(shownAttempts(attempts)).toBe(attempts);
  });

  it('is told so of a call that came to a fallback group', async () => {
    await using a = await faultServer({ name: 'a', script: [503, 'ok'] });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a)],
      groups: {
        big: { endpoints: [{ endpoint: 'a', model: 'x' }], fallback: ['small'] },
        small: { endpoints: [{ endpoint: 'a', model: 'y' }] },
      },
      maxRetries: 0,
    });
    const { body, text } = await ask(gateway, 'POST', '/admin/test', { model: 'big' });
    expect([body.ok, body.endpoint]).toEqual([true, 'a']);
    expect(body.attempts.map(({ endpoint, model }: { endpoint: string; model: string }) => [endpoint, model])).toEqual([
      ['a', 'x'],
      ['a', 'y'],
    ]);
    expect(text).not.toContain('..');
  });
});
