// Channels of the process: heard by whoever subscribes, whenever that is; without anybody nothing is built.
import { type Channel, channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { emitter } from '../../src/observe/emitter.ts';
import { type BalancerEvent, eventNames } from '../../src/observe/events.ts';
import { chat } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';

const ignore = () => undefined;
const added: BalancerEvent = { type: 'endpoint-added', at: 1, endpoint: 'a' };
const subscribed: Array<[string, (message: unknown) => void]> = [];

/** Subscribes until the test ends. */
function listen(name: string, listener: (message: unknown) => void): void {
  subscribe(`load-balanced-openai:${name}`, listener);
  subscribed.push([`load-balanced-openai:${name}`, listener]);
}

afterEach(() => {
  for (const [name, listener] of subscribed.splice(0)) unsubscribe(name, listener);
});

describe('a channel', () => {
  it('publishes the event that listeners get, and only its own', () => {
    const [own, other, observer] = [vi.fn(), vi.fn(), vi.fn()];
    listen('endpoint-added', (message) => own(message));
    listen('endpoint-drained', other);
    emitter([observer], ignore).emit(added);
    expect(own.mock.calls).toEqual([[added]]);
    expect(own.mock.calls[0]?.[0]).toBe(observer.mock.calls[0]?.[0]);
    expect(other).not.toHaveBeenCalled();
  });

  it.each(eventNames)('%s makes emitters active for as long as it has a subscriber, made before or after', (name) => {
    const before = emitter([], ignore);
    expect(before.active).toBe(false);
    listen(name, ignore);
    expect([before.active, emitter([], ignore).active]).toEqual([true, true]);
    unsubscribe(`load-balanced-openai:${name}`, ignore);
    expect(before.active).toBe(false);
  });

  it('is what others get by its name, and outlives a collection', () => {
    const held: Channel = channel('load-balanced-openai:call-start');
    expect(held.hasSubscribers).toBe(false);
    listen('call-start', ignore);
    expect(held.hasSubscribers).toBe(true);
  });
});

describe('a client', () => {
  it('is heard without being touched, whoever subscribed when', async () => {
    await using stage = await openStage({ a: [503], b: [] });
    const heard: BalancerEvent[] = [];
    for (const name of eventNames) listen(name, (message) => heard.push(message as BalancerEvent));
    await chat(stage.client);
    expect(heard).toEqual(stage.events.all);
    expect(heard.map(({ type }) => type)).toContain('failover-start');
  });

  it('loses no call to a subscriber that throws; Node raises that by itself', async () => {
    await using stage = await openStage({ a: [] });
    const raised: unknown[] = [];
    const [error, listeners] = [new Error('mine'), process.listeners('uncaughtException')];
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (each) => raised.push(each));
    try {
      listen('call-end', () => {
        throw error;
      });
      expect(attemptsOf(await chat(stage.client))).toHaveLength(1);
      await vi.waitFor(() => expect(raised).toEqual([error]));
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  });
});

it('the README says where they are', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  expect(readme).toContain("subscribe('load-balanced-openai:");
});
