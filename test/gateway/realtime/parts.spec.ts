// The parts of realtime sockets that need no gateway: signs of life, subprotocols, usage.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { joinSockets } from '../../../src/gateway/realtime/join-sockets.ts';
import { offered, withKey } from '../../../src/gateway/realtime/protocols.ts';
import { SessionUsage } from '../../../src/gateway/realtime/session-usage.ts';
import { manualClock } from '../../../src/testing/index.ts';

/** Two ends of one socket. */
async function pair(server: WebSocketServer): Promise<{ near: WebSocket; far: WebSocket }> {
  const far = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  far.on('error', () => undefined);
  const [[near]] = (await Promise.all([once(server, 'connection'), once(far, 'open')])) as [[WebSocket], unknown];
  return { near, far };
}

describe('two joined sockets', () => {
  it('ask for signs of life; a side that gives none is gone, and the other one with it', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const clock = manualClock();
    const [client, endpoint] = [await pair(server), await pair(server)];
    const { over } = joinSockets(client.near, endpoint.near, clock, () => undefined);
    for (let minute = 0; minute < 3; minute++) {
      const asked = Promise.all([once(client.far, 'ping'), once(endpoint.far, 'ping')]);
      const answered = Promise.all([once(client.near, 'pong'), once(endpoint.near, 'pong')]);
      await clock.advance(30_000);
      await asked;
      await answered;
    }
    expect(client.near.readyState).toBe(WebSocket.OPEN);
    client.far.pause();
    const ended = once(endpoint.far, 'close');
    await clock.advance(30_000);
    await clock.advance(30_000);
    expect(await over).toEqual({ by: 'client', code: 1_006, reason: '' });
    expect((await ended)[0]).toBe(1_006);
    expect(clock.pending).toBe(0);
    client.far.terminate();
    server.close();
  });
});

describe('subprotocols', () => {
  const of = (value?: string) => offered(value === undefined ? {} : { 'sec-websocket-protocol': value });

  it('go along but for those that say whose call it is', () => {
    expect(of()).toEqual([]);
    expect(of('realtime, openai-insecure-api-key.sk-x, openai-project.p, openai-beta.realtime-v1')).toEqual([
      'realtime',
      'openai-beta.realtime-v1',
    ]);
    expect(of('openai-insecure-api-key.sk/with=odd+signs')).toEqual([]);
  });

  it('are refused where they are no list of names', () => {
    for (const wrong of ['a,,b', 'a b', 'a, a', '', 'a/b', Array.from({ length: 17 }, (_, i) => `p${i}`).join(',')])
      expect(of(wrong), wrong).toBeUndefined();
  });

  it('hold the key of those who can set no header; a header counts more', () => {
    const given = { 'sec-websocket-protocol': 'realtime, openai-insecure-api-key.sk-x' };
    expect(withKey(given)['x-api-key']).toBe('sk-x');
    expect(withKey({ ...given, authorization: 'Bearer sk-y' })['x-api-key']).toBeUndefined();
    expect(withKey({ 'sec-websocket-protocol': 'openai-insecure-api-key.' })['x-api-key']).toBeUndefined();
  });
});

describe('the usage of a session', () => {
  const see = (...messages: (string | object)[]) => {
    const usage = new SessionUsage();
    for (const each of messages) usage.see(Buffer.from(typeof each === 'string' ? each : JSON.stringify(each)), false);
    return usage.total;
  };

  it('is unknown until a response says it; odd figures and other events count for nothing', () => {
    expect(see()).toBeUndefined();
    expect(
      see({ type: 'response.created', note: '"response.done"' }, '{"response.done"', { type: 'response.done' }),
    ).toBe(undefined);
    expect(see({ type: 'response.done', response: { usage: { input_tokens: -5, output_tokens: '7' } } })).toEqual({
      input_tokens: 0,
      output_tokens: 0,
      input_tokens_details: { cached_tokens: 0 },
    });
  });
});
