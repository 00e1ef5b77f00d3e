// What forms hold and what they send, what is wrong and where, and an endpoint's state in a word.
import { describe, expect, it } from 'vitest';
import { gatewayConfig } from '../../src/gateway/config/schema.ts';
import { endpointBody, endpointDraft, endpointOptions } from '../../src/gateway/dashboard/forms/endpoint-draft.ts';
import { groupBody, groupDraft, strategies } from '../../src/gateway/dashboard/forms/group-draft.ts';
import { keyBody, newKey } from '../../src/gateway/dashboard/forms/key-draft.ts';
import { elsewhere, problemAt } from '../../src/gateway/dashboard/forms/problems.ts';
import type { EndpointConfig, EndpointState, Group } from '../../src/gateway/dashboard/shapes.ts';
import { stateOf } from '../../src/gateway/dashboard/state-of.ts';
import type { EndpointSnapshot } from '../../src/index.ts';

const endpoint: EndpointConfig = {
  ...{ name: 'openrouter', source: 'store', type: 'openai', baseURL: 'https://openrouter.ai/api/v1' },
  key: { from: 'store', hint: 'x4Qz' },
  models: ['gpt-5', 'gpt-5-mini'],
  modelMap: { 'gpt-5': 'openai/gpt-5', 'gpt-*': { model: 'openai/gpt-$1', omit: ['user'] } },
  limits: { requestsPerMinute: 500 },
  weight: 2,
  tags: ['eu'],
};

describe('an endpoint in its form', () => {
  it('comes back as it was, its key aside', () => {
    expect(endpointBody(endpointDraft(endpoint), endpoint)).toEqual(endpointOptions(endpoint));
    expect(endpointOptions(endpoint)).toEqual({
      type: 'openai',
      baseURL: endpoint.baseURL,
      models: endpoint.models,
      modelMap: endpoint.modelMap,
      limits: endpoint.limits,
      weight: 2,
      tags: ['eu'],
    });
  });

  it('leaves out what is empty, and sends what is no number as it stands', () => {
    const draft = { ...endpointDraft(), name: 'a', apiKey: ' sk-1 ', weight: 'heavy', maxConcurrent: '4' };
    expect(endpointBody(draft)).toEqual({
      ...{ type: 'openai', apiKey: 'sk-1', weight: 'heavy', limits: { maxConcurrent: 4 } },
    });
  });

  it('has an address of its own kind on Azure', () => {
    const azure = { ...endpoint, type: 'azure', endpoint: 'https://x.openai.azure.com', apiVersion: '2025-04-01' };
    const body = endpointBody({ ...endpointDraft(azure), apiVersion: '2025-05-01' }, azure);
    expect(body).toMatchObject({ endpoint: 'https://x.openai.azure.com', apiVersion: '2025-05-01' });
    expect(body).not.toHaveProperty('baseURL');
  });

  it('shows the fields of the gateway', () => {
    const state: EndpointState = {} as EndpointSnapshot;
    expect(state).toEqual({});
  });
});

describe('a group in its form', () => {
  const group: Group = {
    ...{
      name: 'gpt-5',
      source: 'store',
      strategy: { priority: 'least-busy' },
      fallback: ['gpt-5-mini'],
      maxRetries: 1,
    },
    endpoints: [{ endpoint: 'a', model: 'gpt-5', weight: 2 }, { endpoint: 'b' }],
  };

  it('comes back as it was', () => {
    const { name: _, source: __, ...options } = group;
    expect(groupBody(groupDraft(group), group)).toEqual(options);
  });

  it('offers strategies that the gateway takes, all of them', () => {
    for (const strategy of strategies) {
      const body = groupBody({ ...groupDraft(group), strategy });
      expect(gatewayConfig.safeParse({ groups: { x: body } }).error).toBeUndefined();
    }
  });

  it('keeps the options of members that moved no place', () => {
    const draft = groupDraft(group);
    const [first, last] = draft.members;
    const body = groupBody({ ...draft, strategy: '', members: [first, { ...last, priority: '3' }] as never }, group);
    expect(body).toEqual({
      ...{ maxRetries: 1, fallback: ['gpt-5-mini'] },
      endpoints: [
        { endpoint: 'a', model: 'gpt-5', weight: 2 },
        { endpoint: 'b', priority: 3 },
      ],
    });
  });
});

describe('a key in its form', () => {
  it('has only what was said', () => {
    expect(keyBody({ ...newKey, name: ' team ' })).toEqual({ name: 'team' });
    expect(
      keyBody({
        ...newKey,
        name: 'team',
        groups: ['a'],
        requestsPerMinute: '60',
        budget: '5',
        expiresAt: '2030-01-02T03:04',
      }),
    ).toEqual({
      name: 'team',
      groups: ['a'],
      limits: { requestsPerMinute: 60, budget: { amount: 5, per: 'month' } },
      expiresAt: new Date(2030, 0, 2, 3, 4).toISOString(),
    });
  });
});

describe('problems', () => {
  const issues = [
    { path: 'endpoints[0].model', message: 'of the first' },
    { path: "modelMap['a']", message: 'of an entry' },
    { path: 'panic.k', message: 'of no field' },
  ];

  it('stand at the field they name, or the one that holds it', () => {
    expect(problemAt(issues, 'endpoints[0].model')).toBe('of the first');
    expect(problemAt(issues, 'endpoints[1].model')).toBeUndefined();
    expect(problemAt(issues, 'modelMap')).toBe('of an entry');
    expect(problemAt(issues, 'model')).toBeUndefined();
  });

  it('of no field are not lost', () => {
    expect(elsewhere(issues, ['endpoints[0].model', 'modelMap'])).toEqual([issues[2]]);
  });
});

describe('a state in a word', () => {
  const well = {
    drained: false,
    breaker: 'closed',
    cooldowns: [],
    excluded: null,
    headroom: [],
  } as unknown as EndpointState;
  const cooldown = { model: null, reason: '429', msLeft: 900 };
  it.each<[string, Partial<EndpointState>, object]>([
    ['well', {}, { is: 'eligible' }],
    ['drained, whatever else', { drained: true, breaker: 'open' }, { is: 'drained' }],
    ['open', { breaker: 'open', excluded: 'ejected after failures' }, { is: 'ejected' }],
    ['half-open', { breaker: 'half-open' }, { is: 'probing' }],
    [
      'cooling down as a whole, the longest time',
      { excluded: '429', cooldowns: [cooldown, { ...cooldown, msLeft: 5_000, reason: '402' }] },
      { is: 'cooling', reason: '402', msLeft: 5_000 },
    ],
    ['cooling down for one model', { cooldowns: [{ ...cooldown, model: 'm' }] }, { is: 'eligible' }],
    [
      'cooling down for all its models',
      { excluded: '429', cooldowns: [{ ...cooldown, model: 'm' }] },
      { is: 'cooling', reason: '429', msLeft: 900 },
    ],
    [
      'cooling down for every model that is asked of it',
      { cooldowns: [{ ...cooldown, model: 'm' }], headroom: [{ model: 'm', left: 1, requests: null, tokens: null }] },
      { is: 'cooling', reason: cooldown.reason, msLeft: 900 },
    ],
    [
      'eligible while one of its models is',
      {
        cooldowns: [{ ...cooldown, model: 'm' }],
        headroom: ['m', 'n'].map((model) => ({ model, left: 1, requests: null, tokens: null })),
      },
      { is: 'eligible' },
    ],
    ['excluded for another reason', { excluded: 'no headroom' }, { is: 'excluded', reason: 'no headroom' }],
  ])('%s', (_, state, facts) => expect(stateOf({ ...well, ...state })).toEqual(facts));
});
