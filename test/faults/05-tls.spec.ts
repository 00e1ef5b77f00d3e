// Row 5: the TLS handshake fails. Nothing was sent, and nothing may be sent without it.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { faultServer, manualClock } from '../../src/testing/index.ts';
import { ownAgent } from '../support/agent.ts';
import { chat, servedBy } from '../support/calls.ts';
import { certificate } from '../support/certificate.ts';
import { timed } from '../support/lag.ts';
import { scenario } from '../support/scenario.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { saying } from './error-text.ts';
import { row } from './row.ts';

const upload = ({ client }: Stage) => client.files.create({ file: new File(['x'], 'x.txt'), purpose: 'batch' });

const LONG_AGO = { from: new Date('2020-01-01'), until: new Date('2021-01-01') };
/** What is wrong with the certificate, and whether its issuer is trusted. */
const CERTIFICATES = [
  { what: 'unknown issuer', own: certificate(), trusted: false, code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  { what: 'expired', own: certificate(LONG_AGO), trusted: true, code: 'CERT_HAS_EXPIRED' },
  { what: 'another name', own: certificate({ for: 'b.example' }), trusted: true, code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
] as const;

/** A server that answers a handshake in its own way, and keeps what arrived. */
async function tcpServer(answer: (socket: Socket) => void): Promise<AsyncDisposable & { url: string; seen(): string }> {
  const seen: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      seen.push(bytes);
      answer(socket);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    seen: () => Buffer.concat(seen).toString('latin1'),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const HANDSHAKES: readonly { what: string; answer: (socket: Socket) => void }[] = [
  { what: 'plain HTTP', answer: (socket) => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n') },
  { what: 'a closed connection', answer: (socket) => socket.end() },
  { what: 'an alert', answer: (socket) => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 40])) },
  { what: 'garbage', answer: (socket) => socket.end('\0\0\0\0 nothing that TLS knows') },
];

row(
  5,
  'TLS: wrong certificate, or no TLS at all',
  'fails over, counts for the endpoint; a certificate: cooldown 5 min',
  () => {
    it('unknown issuer, expired, another name: the next endpoint answers, and this one rests for five minutes', async () => {
      for (const { what, own, trusted } of CERTIFICATES) {
        await using agent = await ownAgent({ connect: trusted ? { ca: own.cert } : {} });
        const a = { script: [], server: { tls: own }, ...agent };
        await using stage = await openStage({ a, b: [] }, { clock: manualClock() });
        const { client, servers, events, state } = stage;
        const first = await timed(() => chat(client));
        expect(
          attemptsOf(first.value).map(({ verdict }) => verdict),
          what,
        ).toEqual(['connect-failed', 'ok']);
        expect(first.ms - first.lag).toBeLessThan(100);
        const cooldown = { reason: 'TLS certificate', msLeft: 300_000 };
        expect(state('a')).toMatchObject({ failures: 1, breaker: 'closed', cooldowns: [cooldown] });
        expect(events.of('endpoint-cooldown')).toMatchObject([{ endpoint: 'a', ms: 300_000, model: undefined }]);
        expect(attemptsOf(await chat(client, { model: 'another' })).length).toBe(1);
        expect([servers.a.calls, servers.b.calls]).toEqual([0, 2]);
      }
    });

    it('back after five minutes with a good certificate', async () => {
      const clock = manualClock();
      const good = certificate();
      await using agent = await ownAgent({ connect: { ca: good.cert } });
      const old = await faultServer({ tls: certificate(LONG_AGO) });
      await using stage = await openStage({ a: { script: [], at: old.url, ...agent }, b: [] }, { clock });
      expect(servedBy(await chat(stage.client))).toBe('b');
      await old.close();
      await using renewed = await faultServer({ name: 'renewed', tls: good, port: old.port });
      await clock.advance(299_000);
      expect(servedBy(await chat(stage.client))).toBe('b');
      await clock.advance(31_000);
      expect(servedBy(await chat(stage.client))).toBe('renewed');
      expect(renewed.calls).toBe(1);
    });

    it('plain HTTP, a closed connection, an alert, garbage: even an upload moves, and nothing is sent in clear', async () => {
      for (const { what, answer } of HANDSHAKES) {
        await using server = await tcpServer(answer);
        await using stage = await openStage({ a: { script: [], at: server.url }, b: [] });
        for (const act of [() => chat(stage.client), () => upload(stage)]) {
          const { value, error, ms, lag } = await timed<object>(act);
          expect(error, what).toBeUndefined();
          expect(attemptsOf(value).map(({ verdict }) => verdict)).toEqual(['connect-failed', 'ok']);
          expect(ms - lag).toBeLessThan(100);
        }
        expect(stage.state('a')).toMatchObject({ failures: 2, cooldowns: [] });
        expect(server.seen()).not.toMatch(new RegExp(`POST|Bearer|${stage.keys.a}`));
      }
    });

    it('a handshake that never ends falls under the connect bound', async () => {
      await using server = await tcpServer(() => undefined);
      await using agent = await ownAgent({ connect: { timeout: 100 } });
      await scenario()
        .endpoints({ a: { script: [], at: server.url, ...agent }, b: [] })
        .call('gpt-5')
        .expect({ served: 'b', verdicts: ['connect-failed', 'ok'], withinMs: 1_100 });
    });

    it('alone: an APIConnectionError that names the fault, and no key', async () => {
      for (const { own, trusted, code } of CERTIFICATES) {
        await using agent = await ownAgent({ connect: trusted ? { ca: own.cert } : {} });
        await scenario()
          .endpoints({ a: { script: [], server: { tls: own }, ...agent } })
          .options({ maxRetries: 0 })
          .call('gpt-5')
          .expect(
            { served: null, attempts: ['a'], error: { name: 'APIConnectionError' }, calls: { a: 0 }, withinMs: 100 },
            saying(code),
          );
      }
    });
  },
);
