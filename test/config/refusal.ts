// Tables of refused options: what is wrong, the options, the error's code, its message.
import { expect, it } from 'vitest';
import { optionsOf } from '../../src/config/constructor-arguments.ts';
import { resolveSettings } from '../../src/config/resolve-settings.ts';
import { ConfigurationError } from '../../src/errors.ts';

/** Stands for every secret; may appear in no message. */
export const CANARY = 'sk-canary-4242';

/** A good endpoint, one with an address, and one of Azure. */
export const k = { apiKey: 'k' };
export const own = { baseURL: 'https://vendor.example/v1', apiKey: 'k' };
export const azure = { type: 'azure', endpoint: 'https://a.azure.example', apiVersion: '1', apiKey: 'k' };

/** `input`: options beside one good endpoint, or the endpoints after one. */
export type Row = [title: string, input: object, code: string, message: string | RegExp];

/** The error that the constructor's arguments lead to. */
export function refuse(args: readonly unknown[], env: Record<string, string> = {}): ConfigurationError {
  try {
    resolveSettings(optionsOf(...args), env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** Compares code and message, and looks for the canary everywhere. */
export function expectRefusal(error: ConfigurationError, code: string, message: string | RegExp): void {
  if (message instanceof RegExp) expect(error.message).toMatch(message);
  else expect(error.message).toContain(message);
  expect([error.name, error.code]).toEqual(['ConfigurationError', code]);
  expect(error.issues.length).toBeGreaterThan(0);
  expect(JSON.stringify([error.message, error.issues, error.stack]).toLowerCase()).not.toContain('canary');
}

/** Rows about options beside `endpoints`. */
export function poolTable(rows: Row[]): void {
  it.each(rows)('%s', (_, input, code, message) => {
    expectRefusal(refuse([{ endpoints: [k], ...input }]), code, message);
  });
}

/** Rows about endpoints, in both forms of the constructor. */
export function endpointTable(rows: Row[]): void {
  const env = { BROKEN_KEY: `${CANARY} x` };
  it.each(rows)('%s', (_, endpoints, code, message) => {
    const list = [k, ...(endpoints as object[])];
    expectRefusal(refuse([list], env), code, message);
    expectRefusal(refuse([{ endpoints: list, strategy: 'random' }], env), code, message);
  });
}
