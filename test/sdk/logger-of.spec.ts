// The client's logger at the client's level, as the SDK applies it.
import { OpenAI } from 'openai';
import { expect, it, vi } from 'vitest';
import { loggerOf } from '../../src/sdk/logger-of.ts';

const logger = () => ({ error: vi.fn(), warn: vi.fn(), info: vi.fn(), debug: vi.fn() });

it.each([
  ['off', 0, 0, 0],
  ['error', 0, 0, 0],
  ['warn', 1, 0, 0],
  ['info', 1, 1, 0],
  ['debug', 1, 1, 1],
] as const)('at %s says %d warnings, %d infos, %d details', (logLevel, warn, info, debug) => {
  const own = logger();
  const found = loggerOf(new OpenAI({ apiKey: 'x', logger: own, logLevel }));
  found.warn('w');
  found.info('i');
  found.debug('d');
  expect([own.warn.mock.calls.length, own.info.mock.calls.length, own.debug.mock.calls.length]).toEqual([
    warn,
    info,
    debug,
  ]);
  expect(found.debugging).toBe(logLevel === 'debug');
});

it('follows a level that is changed', () => {
  const own = logger();
  const client = new OpenAI({ apiKey: 'x', logger: own, logLevel: 'warn' });
  client.logLevel = 'debug';
  loggerOf(client).debug('d');
  expect(own.debug).toHaveBeenCalledWith('d');
});

it('bears a client whose logger was taken away', () => {
  const client = new OpenAI({ apiKey: 'x', logLevel: 'debug' });
  (client as { logger: unknown }).logger = undefined;
  expect(() => loggerOf(client).warn('w')).not.toThrow();
});
