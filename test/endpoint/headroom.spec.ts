// What is left of limits, where the paths through the pool do not lead: limits of one kind only, names without number, full slots.
import { describe, expect, it } from 'vitest';
import { Demand } from '../../src/call/demand.ts';
import { Allowance } from '../../src/endpoint/allowance.ts';
import { Breakers } from '../../src/endpoint/breakers.ts';
import { Cooldowns } from '../../src/endpoint/cooldown.ts';
import { EndpointState } from '../../src/endpoint/endpoint-state.ts';
import { Headroom } from '../../src/endpoint/headroom.ts';
import { QuotaOwners } from '../../src/endpoint/quota-owners.ts';
import { keysSent, noteKeys } from '../../src/endpoint/sent-keys.ts';
import { Window } from '../../src/endpoint/window.ts';
import { scarcest } from '../../src/endpoint/window-facts.ts';
import { manualClock } from '../../src/testing/index.ts';

const nothing = () => undefined;
const MANY = 201;

describe('windows of a limit', () => {
  it.each([
    ['calls', { requestsPerMinute: 60 }, 'requests'],
    ['tokens', { tokensPerMinute: 6_000 }, 'tokens'],
  ] as const)('of %s only: a model in use is remembered, whatever names are made up', (_, limits, kind) => {
    const allowance = new Allowance(limits);
    const used = allowance.of('gpt-5', 0);
    used[kind]?.take(10, 0);
    for (let made = 0; made < MANY; made++) allowance.of(`made-up-${made}`, 0);
    expect(allowance.of('gpt-5', 0)).toBe(used);
  });

  it('the one with the smaller share left is told of', () => {
    const [half, full] = [new Window(10, 0.01, 0, 5), new Window(100, 0.01, 0)];
    expect(scarcest(half, full, 0)).toMatchObject({ limit: 10, left: 5 });
    expect(scarcest(full, half, 0)).toMatchObject({ limit: 10, left: 5 });
    expect(scarcest(undefined, half, 0)).toMatchObject({ limit: 10 });
    expect(scarcest(half, undefined, 0)).toMatchObject({ limit: 10 });
    expect(scarcest(undefined, undefined, 0)).toBeNull();
  });

  it('without limits the share is whole; with slots it is what is free of them', () => {
    const state = new EndpointState(false, manualClock(), nothing);
    expect(new Headroom(state, undefined).share('gpt-5', 0)).toBe(1);
    expect(new Headroom(state, undefined).share(undefined, 0)).toBe(1);
    const room = new Headroom(state, { maxConcurrent: 4 });
    state.inFlight = 1;
    expect(room.share(undefined, 0)).toBe(0.75);
    state.inFlight = 4;
    expect(room.hasSlot).toBe(false);
    expect(room.hasRoom({ model: undefined, demand: new Demand({}), ownCredentials: false }, 0)).toBe(false);
  });
});

describe('breakers', () => {
  it('off: nobody is out, everybody is let in', () => {
    const breakers = new Breakers(false, manualClock(), nothing);
    expect(breakers.out('gpt-5')).toBe(false);
    expect(breakers.admit('gpt-5', false)).toBeDefined();
  });
});

describe('names without number', () => {
  it('cooldowns without a hint begin anew for those forgotten', () => {
    const cooldowns = new Cooldowns(manualClock());
    const order = { scope: 'model', reason: '429', ms: undefined, pause: true } as const;
    expect(cooldowns.start(order, 'first')).toBe(1_000);
    for (let made = 0; made < 501; made++) cooldowns.start(order, `made-up-${made}`);
    expect(cooldowns.start(order, 'first')).toBe(1_000);
  });

  it('owners of quotas beyond the bound are forgotten, oldest first', () => {
    const owners = new QuotaOwners();
    const states = Array.from({ length: 2_000 }, () => new EndpointState(false, manualClock(), nothing));
    const headers = (name: string) => new Headers({ 'openai-organization': name });
    for (const [index, state] of states.entries()) owners.note(state, 'no address', headers(`org-${index}`));
    const another = new EndpointState(false, manualClock(), nothing);
    expect(owners.note(another, 'no address', headers('org-0'))).toBe(false);
    const last = new EndpointState(false, manualClock(), nothing);
    expect(owners.note(last, 'no address', headers('org-1999'))).toBe(true);
  });

  it('the keys of the last hundred requests are known, and nothing of what carries none', () => {
    const client = {};
    noteKeys(client, { authorization: 'Bearer plain-object' });
    noteKeys(client, new Headers());
    expect(keysSent(client)).toEqual([]);
    for (let sent = 0; sent <= 100; sent++)
      noteKeys(client, new Headers({ authorization: `Bearer key-number-${sent}` }));
    const known = keysSent(client).join(' ');
    expect(known).not.toContain('key-number-0 ');
    expect(known).toContain('key-number-100');
  });
});

it('an attempt is judged once', () => {
  const state = new EndpointState(false, manualClock(), nothing);
  const load = state.begin('gpt-5', { slow: 1_000, late: 1_000 } as never, false, false);
  const failed = { name: 'server-error', health: 'failure', next: 'another', again: true } as never;
  state.end(load!, failed, 'chat');
  state.end(load!, failed, 'chat');
  expect(state.failures).toBe(1);
});
