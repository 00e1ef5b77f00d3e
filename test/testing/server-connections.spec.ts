// A fault server goes up and down, closes idle connections, speaks TLS, and leaves nothing behind.
import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { reset } from '../../src/testing/exchange.ts';
import { faultServer } from '../../src/testing/index.ts';
import { certificate } from '../support/certificate.ts';
import { rawRequest } from '../support/raw-client.ts';
import { clientOf, hi } from './observe.ts';

describe('connections', () => {
  it('refuse() drops and refuses, accept() comes back on the same port', async () => {
    await using server = await faultServer({ script: ['ok', 'black-hole'] });
    const client = clientOf(server);
    await client.chat.completions.create(hi);
    expect(server.open).toBe(1);
    const hanging = client.chat.completions.create(hi).catch((error) => error);
    await server.until((s) => s.calls === 2);
    await server.refuse();
    expect((await hanging).message).toBe('Connection error.');
    expect([server.open, server.inFlight, server.requests[1]?.aborted]).toEqual([0, 0, false]);
    const refused = await client.chat.completions.create(hi).catch((error) => error);
    expect(refused.cause.cause.code).toBe('ECONNREFUSED');
    await server.refuse();
    await server.accept();
    await server.accept();
    await client.chat.completions.create(hi);
    expect(server.calls).toBe(3);
  });

  it('are closed when idle, without a hint, when told so', async () => {
    await using server = await faultServer({ idleCloseAfter: 5 });
    const reply = await rawRequest(server.port, { body: hi });
    expect(reply.end).toBe('fin');
    expect(reply.head.toLowerCase()).not.toContain('keep-alive:');
    await using patient = await faultServer();
    expect((await rawRequest(patient.port, { body: hi })).end).toBe('open');
  });

  it('end when reset, even if the client hangs up in that very moment', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    for (const first of ['reset', 'end'] as const) {
      const client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
      const [socket] = (await once(server, 'connection')) as [Socket];
      const closed = new Promise((resolve) => socket.once('close', resolve));
      if (first === 'end') socket.end();
      reset(socket);
      // What Node itself does when it reads that the client is gone.
      socket.destroy();
      await closed;
      client.destroy();
    }
    await new Promise((resolve) => server.close(resolve));
  });

  it('are all gone after close(), which may be called twice', async () => {
    const server = await faultServer({ script: 'black-hole' });
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await server.until((s) => s.open === 1);
    const waiting = server.until((s) => s.calls === 9, 60_000);
    await Promise.all([server.close(), expect(waiting).rejects.toThrow('closed before it happened')]);
    await server.close();
    expect(server.open).toBe(0);
    await expect(rawRequest(server.port)).rejects.toThrow('ECONNREFUSED');
  });

  it('until() says what did not happen', async () => {
    await using server = await faultServer({ name: 'a' });
    await expect(server.until((s) => s.calls === 3, 20)).rejects.toThrow(
      /a: .*calls === 3.* did not happen within 20 ms/s,
    );
  });

  it('speak TLS when given a certificate', async () => {
    const own = certificate();
    await using server = await faultServer({ tls: own, script: ['ok', 'reset'] });
    expect(server.url).toMatch(/^https:/);
    const get = () =>
      new Promise((resolve) => {
        const options = {
          port: server.port,
          host: '127.0.0.1',
          path: '/v1/models',
          ca: own.cert,
          agent: false as const,
        };
        const call = httpsRequest(options, (response) => resolve(response.resume().statusCode));
        call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
        call.end();
      });
    expect(await get()).toBe(200);
    expect(await get()).toBe('ECONNRESET');
    const stranger = await clientOf(server)
      .models.list()
      .catch((error) => error);
    expect(stranger.cause.cause.code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });
});
