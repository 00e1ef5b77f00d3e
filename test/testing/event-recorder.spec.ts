// The recorder hears everything, finds by name, waits without polling, and stops.
import { describe, expect, it } from 'vitest';
import type { BalancerEvent } from '../../src/index.ts';
import { recordEvents } from '../../src/testing/index.ts';

type Listener = (event: BalancerEvent) => void;

function fakeClient() {
  const listeners = new Set<Listener>();
  return {
    listeners,
    emit: (event: BalancerEvent) => {
      for (const listener of listeners) listener(event);
    },
    balancer: {
      on: (_: '*', listener: Listener) => listeners.add(listener),
      off: (_: '*', listener: Listener) => listeners.delete(listener),
    },
  };
}

const start = (callId: string): BalancerEvent => ({
  type: 'call-start',
  at: 1,
  callId,
  operation: 'chat',
  model: 'm',
  stream: false,
});
const added: BalancerEvent = { type: 'endpoint-added', at: 2, endpoint: 'b' };

describe('recordEvents', () => {
  it('keeps events in order and finds them by name', () => {
    const client = fakeClient();
    const events = recordEvents(client);
    for (const event of [start('1'), added, start('2')]) client.emit(event);
    expect(events.names()).toEqual(['call-start', 'endpoint-added', 'call-start']);
    expect(events.of('call-start').map(({ callId }) => callId)).toEqual(['1', '2']);
    expect(events.of('endpoint-added')[0]?.endpoint).toBe('b');
    expect(events.of('call-end')).toEqual([]);
    events.clear();
    expect(events.all).toEqual([]);
  });

  it('waits for an event to come, or says that it did not', async () => {
    const client = fakeClient();
    const events = recordEvents(client);
    const coming = events.until('endpoint-added');
    client.emit(start('1'));
    client.emit(added);
    expect((await coming).endpoint).toBe('b');
    expect((await events.until('call-start')).callId).toBe('1');
    await expect(events.until('call-end', 10)).rejects.toThrow("event 'call-end' did not happen within 10 ms");
  });

  it('stops: hears no more, keeps what it has, lets nobody wait', async () => {
    const client = fakeClient();
    const events = recordEvents(client);
    client.emit(start('1'));
    const waiting = expect(events.until('call-end')).rejects.toThrow('closed before it happened');
    events.stop();
    client.emit(start('2'));
    await waiting;
    expect([events.all.length, client.listeners.size]).toEqual([1, 0]);
  });
});
