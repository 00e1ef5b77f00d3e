// Threat T8: nobody is let in by default. Every address to listen on, with every kind of keys.
import { networkInterfaces } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { settingsOf } from '../../../src/gateway/config/load.ts';
import { type Gateway, startGateway } from '../../../src/gateway/gateway.ts';
import { GatewayLog } from '../../../src/gateway/http/log.ts';
import { CannotStart } from '../../../src/gateway/running/start-checks.ts';
import { faultServer } from '../../../src/testing/index.ts';
import { chat, endpointOf, gatewayWith } from '../../support/gateway.ts';

const log = new GatewayLog({ level: 'off', readable: false, write: () => undefined, clock: systemClock });
const upstream = await faultServer({ name: 'a' });
afterAll(() => upstream.close());

const own = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
const LOOPBACK = ['127.0.0.1', '127.0.0.2', '::1', 'localhost'];
const OTHERS = ['0.0.0.0', '::', '::ffff:0.0.0.0', '0', '', ...(own ? [own] : [])];

const right = { clientKeys: [{ name: 'app', key: 'k-right' }] };
const KEYS: Readonly<Record<string, { readonly keys: object; readonly elsewhere: boolean }>> = {
  'no keys': { keys: {}, elsewhere: false },
  'an empty list of keys': { keys: { clientKeys: [] }, elsewhere: false },
  'admin keys alone': { keys: { adminKeys: [{ name: 'boss', key: 'ak-boss' }] }, elsewhere: false },
  'a client key': { keys: right, elsewhere: true },
  'client and admin keys': { keys: { ...right, adminKeys: [{ name: 'boss', key: 'ak-boss' }] }, elsewhere: true },
  'an expired key': {
    keys: { clientKeys: [{ name: 'old', key: 'k-old', expiresAt: '2020-01-01T00:00:00Z' }] },
    elsewhere: true,
  },
};
const settings = (keys: object) => settingsOf({ endpoints: [endpointOf(upstream)], ...keys }, {}, 'test');

async function start(host: string, keys: object): Promise<Gateway | Error> {
  try {
    return await startGateway({ settings: settings(keys), log, host, port: 0 });
  } catch (error) {
    return error as Error;
  }
}

describe.each(Object.entries(KEYS))('T8: with %s', (_, { keys, elsewhere }) => {
  it.each(LOOPBACK)('starts on %s', async (host) => {
    const gateway = await start(host, keys);
    // Not every machine has both kinds of addresses.
    if (gateway instanceof Error) expect((gateway as NodeJS.ErrnoException).code).toMatch(/EADDRNOTAVAIL|EAFNOSUPPORT/);
    else await gateway.stop(0);
  });

  it.each(OTHERS)(`${elsewhere ? 'starts' : 'refuses to start'} on %j`, async (host) => {
    const gateway = await start(host, keys);
    if (!elsewhere) {
      expect(gateway).toBeInstanceOf(CannotStart);
      expect((gateway as Error).message).toContain('clientKeys');
    } else if (gateway instanceof Error)
      expect((gateway as NodeJS.ErrnoException).code).toMatch(/EADDRNOTAVAIL|EAFNOSUPPORT|EINVAL/);
    else await gateway.stop(0);
  });
});

describe('T8: on an address that others reach', () => {
  const DEFAULTS = ['', 'sk-1234', 'admin', 'root', '123456', 'root:123456', 'secret', 'changeme', 'password', 'test'];
  const MORE = ['any', 'none', 'null', 'undefined', 'true', 'dummy', 'master_key', 'sk-', 'Bearer', 'app', 'boss', 'a'];

  it('no usual password and no name of the configuration is a key', async () => {
    await using gateway = await gatewayWith(
      { endpoints: [endpointOf(upstream)], ...right, adminKeys: [{ name: 'boss', key: 'ak-boss' }] },
      { host: '0.0.0.0' },
    );
    const before = upstream.calls;
    const url = gateway.url.replace('0.0.0.0', '127.0.0.1');
    for (const key of [...DEFAULTS, ...MORE]) {
      const basic = `Basic ${Buffer.from(`app:${key}`).toString('base64')}`;
      for (const headers of [{ authorization: `Bearer ${key}` }, { 'x-api-key': key }, { authorization: basic }]) {
        const { status } = await fetch(`${url}/v1/models`, { headers: headers as Record<string, string> });
        expect([key, status]).toEqual([key, 401]);
      }
    }
    for (const path of [
      '/stats',
      '/metrics',
      '/v1/models',
      '/v1/chat/completions?api_key=k-right',
      '/v1/files?key=k-right',
    ])
      expect([path, (await fetch(url + path)).status]).toEqual([path, 401]);
    expect(upstream.calls).toBe(before);
    const headers = { 'content-type': 'application/json', authorization: 'Bearer k-right' };
    expect((await fetch(`${url}/v1/chat/completions`, { ...chat('gpt-5'), headers })).status).toBe(200);
  });

  it('keys cannot be taken away by another configuration', async () => {
    const gateway = (await start('0.0.0.0', right)) as Gateway;
    expect(() => gateway.reload(settings({}))).toThrow(CannotStart);
    const { status } = await fetch(`http://127.0.0.1:${gateway.port}/v1/models`);
    expect(status).toBe(401);
    await gateway.stop(0);
  });

  it.each(['', ' ', '\n', 'with blank', '${NOT_SET}', '${EMPTY}', '${NOT_SET:-}'])(
    '%j is no key to begin with',
    (key) => {
      const keys = { clientKeys: [{ name: 'app', key }] };
      expect(() => settingsOf({ endpoints: [endpointOf(upstream)], ...keys }, { EMPTY: '' }, 'test')).toThrow(
        /clientKeys\[0\]/,
      );
    },
  );
});
