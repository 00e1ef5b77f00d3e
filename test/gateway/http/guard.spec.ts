import { expect, it } from 'vitest';
import { isLoopback, refuseForeign } from '../../../src/gateway/http/guard.ts';

it.each(['localhost', 'LOCALHOST', 'app.localhost', '127.0.0.1', '127.8.9.10', '::1', '[::1]', '[::ffff:127.0.0.1]'])(
  '%s is this machine',
  (host) => {
    expect(isLoopback(host)).toBe(true);
  },
);

it.each([
  '',
  '0.0.0.0',
  '::',
  '[::]',
  '10.0.0.1',
  '192.168.0.1',
  'example.com',
  'localhost.example.com',
  '127.0.0.1.nip.io',
  'notlocalhost',
  '2130706433',
  '0x7f.1',
  'localhost.',
  'a.b.localhost.evil',
])('%s is not', (host) => {
  expect(isLoopback(host)).toBe(false);
});

it.each<[string, Record<string, string>, number | undefined]>([
  ['a plain client', { host: '127.0.0.1:8000' }, undefined],
  ['a client by name', { host: 'localhost' }, undefined],
  ['a client by IPv6', { host: '[::1]:8000' }, undefined],
  ['a page of this machine', { host: 'localhost:8000', origin: 'http://localhost:5173' }, undefined],
  ['no host', {}, 421],
  ['a name that leads here', { host: 'rebound.example:8000' }, 421],
  ['a page of elsewhere', { host: 'localhost:8000', origin: 'https://example.com' }, 403],
  ['a page without a place', { host: 'localhost:8000', origin: 'null' }, 403],
  ['a page that looks like this machine', { host: 'localhost:8000', origin: 'http://localhost.example.com' }, 403],
])('%s', (_, headers, status) => {
  const refused = (() => {
    try {
      refuseForeign(headers);
    } catch (error) {
      return (error as { facts: { status: number } }).facts.status;
    }
    return undefined;
  })();
  expect(refused).toBe(status);
});
