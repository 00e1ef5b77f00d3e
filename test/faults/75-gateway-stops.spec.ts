// Row 75: a gateway that is told to stop takes nothing new, lets calls end, and tells the rest why they end.
import { once } from 'node:events';
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { faultServer } from '../../src/testing/index.ts';
import { chat, endpointOf, gatewayWith } from '../support/gateway.ts';
import { HttpLine } from '../support/http-lines.ts';
import { row } from './row.ts';

row(
  75,
  'the gateway is told to stop while calls run',
  'nothing new is taken; what runs may end; the rest is told why, and it exits well',
  () => {
    it('lets running calls and streams come to their end', async () => {
      await using a = await faultServer({
        name: 'a',
        script: [
          { step: 'ok', delay: 400 },
          { stream: 5, gap: 100 },
        ],
      });
      await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
      const plain = gateway.get('/v1/chat/completions', chat('gpt-5')).then((response) => response.json());
      await a.until(({ calls }) => calls === 1);
      const stream = gateway
        .get('/v1/chat/completions', chat('gpt-5', { stream: true }))
        .then((response) => response.text());
      await a.until(({ calls }) => calls === 2);
      const stopped = gateway.gateway.stop(10_000);
      const door = () =>
        gateway.get('/health').then(
          () => 'open',
          () => 'closed',
        );
      await expect.poll(door).toBe('closed');
      expect(await plain).toMatchObject({ object: 'chat.completion' });
      expect(await stream).toContain('[DONE]');
      await stopped;
    });

    it('ends what does not end in time: streams by an error event, plain calls by 503', async () => {
      await using a = await faultServer({ name: 'a', script: [{ stream: 1_000, gap: 50 }, 'black-hole'] });
      await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
      const response = await gateway.get('/v1/chat/completions', chat('gpt-5', { stream: true }));
      const plain = gateway.get('/v1/chat/completions', chat('gpt-5'));
      await a.until(({ inFlight }) => inFlight === 2);
      const startedAt = performance.now();
      const stopped = gateway.gateway.stop(300);
      let text = '';
      const reading = (async () => {
        for await (const piece of response.body as ReadableStream<Uint8Array>) text += new TextDecoder().decode(piece);
      })();
      await expect(reading).rejects.toThrow();
      expect(text).toMatch(/data: \{"error":\{[^\n]*"code":"shutting_down"\}\}\n\n$/);
      const refused = await plain;
      expect([refused.status, await refused.json()]).toMatchObject([503, { error: { code: 'shutting_down' } }]);
      await stopped;
      expect(performance.now() - startedAt).toBeLessThan(3_000);
      await a.until(({ inFlight }) => inFlight === 0);
    });

    it('lets a slow reader take what was answered', async () => {
      const content = 'y'.repeat(20_000_000);
      const message = { role: 'assistant', content };
      const body = { id: 'c', object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'stop' }] };
      await using a = await faultServer({ name: 'a', script: [{ status: 200, body }] });
      await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
      const { port } = gateway.gateway;
      const { headers, body: asked } = chat('gpt-5');
      const reply = await new Promise<IncomingMessage>((resolve) =>
        request(
          { port, method: 'POST', path: '/v1/chat/completions', headers: headers as OutgoingHttpHeaders },
          resolve,
        ).end(asked),
      );
      const stopped = gateway.gateway.stop(20_000);
      // Longer than those may linger who read nothing.
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      let size = 0;
      for await (const piece of reply as AsyncIterable<Buffer>) size += piece.byteLength;
      expect(size).toBe(Number(reply.headers['content-length']));
      await stopped;
    });

    it('takes who stands before its door when it is told to, and refuses who comes later', async () => {
      await using a = await faultServer({ name: 'a' });
      await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
      const lines = Array.from({ length: 5 }, () => new HttpLine(gateway.url));
      const calls = lines.map((line) => line.call('gpt-5'));
      // The system has let them in by now; the server has not.
      await new Promise((resolve) => process.nextTick(resolve));
      const stopped = gateway.gateway.stop(10_000);
      expect((await Promise.all(calls)).map(({ outcome }) => outcome)).toEqual(lines.map(() => '200'));
      await stopped;
      expect(await new HttpLine(gateway.url).call('gpt-5')).toMatchObject({ outcome: 'ECONNREFUSED' });
      expect(a.calls).toBe(5);
    });

    it('answers a call that comes late over a connection that it took last', async () => {
      await using a = await faultServer({ name: 'a', latency: 700 });
      await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
      const socket = connect(gateway.gateway.port, '127.0.0.1');
      await once(socket, 'connect');
      const stopped = gateway.gateway.stop(10_000);
      await pause(700);
      const { body } = chat('gpt-5') as { body: string };
      const head = ['POST /v1/chat/completions HTTP/1.1', 'host: localhost', 'content-type: application/json'];
      socket.write([...head, `content-length: ${body.length}`, '', body].join('\r\n'));
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 .*connection: close.*"chat.completion"/is);
      await stopped;
    });

    it('is not ready from then on, but takes what comes for as long as its notice is', async () => {
      await using a = await faultServer({ name: 'a' });
      await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
      const stopped = gateway.gateway.stop(10_000, 300);
      const ready = await gateway.get('/health/ready');
      expect([ready.status, await ready.json()]).toEqual([503, { status: 'stopping' }]);
      const { status, headers } = await gateway.get('/v1/chat/completions', chat('gpt-5'));
      expect([status, headers.get('connection')]).toEqual([200, 'keep-alive']);
      await stopped;
      await expect(gateway.get('/health/ready')).rejects.toThrow();
    });

    it('is over at once when nothing runs, and may be asked for twice', async () => {
      await using a = await faultServer({ name: 'a' });
      await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
      await gateway.get('/v1/chat/completions', chat('gpt-5')).then((response) => response.text());
      const startedAt = performance.now();
      await Promise.all([gateway.gateway.stop(10_000), gateway.gateway.stop(10_000)]);
      expect(performance.now() - startedAt).toBeLessThan(1_000);
    });
  },
);
