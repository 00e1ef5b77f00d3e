/** Which store a command uses: the one named by an option or the configuration, else a file beside the configuration. */
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Env } from '../config/inheritance.ts';
import type { Found } from '../gateway/config/load.ts';
import { withReferences } from '../gateway/config/references.ts';
import { gatewayConfig } from '../gateway/config/schema.ts';
import type { GatewaySettings } from '../gateway/config/settings.ts';
import type { GatewayStore, Sooner } from '../gateway/store/gateway-store.ts';
import { memoryGatewayStore } from '../gateway/store/memory-gateway-store.ts';
import { redisGatewayStore } from '../gateway/store/redis/redis-gateway-store.ts';
import { sqliteGatewayStore } from '../gateway/store/sqlite/sqlite-gateway-store.ts';
import { storeProblem } from '../gateway/store/store-needs.ts';

/** The name of the file, where nobody names another. */
export const STORE_FILE = 'load-balanced-openai.db';

/** A store. */
export type StoreChoice =
  | {
      readonly is: 'memory';
      /** Somebody wanted it so; else it is for want of a better one, and this says why. */
      readonly why: string | undefined;
    }
  | {
      readonly is: 'file';
      readonly path: string;
      /** Somebody named it, and is served by no other. */
      readonly asked: boolean;
    }
  | { readonly is: 'redis'; readonly url: string; readonly asked: true };

/** What the configuration says of the store, as far as that can be read; its check tells of the rest. */
function writtenStore(value: unknown, env: Env): GatewaySettings['store'] {
  if (typeof value !== 'object' || value === null || !('store' in value)) return undefined;
  const filled = withReferences(value.store, env, () => undefined);
  return gatewayConfig.shape.store.safeParse(filled).data;
}

function unwritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return false;
  } catch {
    return true;
  }
}

const REDIS = /^(redis|rediss):\/\//i;

/** What `--store` names. */
const storeNamed = (option: string): NonNullable<GatewaySettings['store']> =>
  REDIS.test(option) ? { type: 'redis', url: option } : { path: resolve(option) };

/**
 * Chooses.
 * @param option the value of `--store`.
 * @returns the store, or what stands against the one asked for.
 */
export function chooseStore(option: string | undefined, { source, value }: Found, env: Env): StoreChoice | string {
  const version = process.versions.node;
  const isFile = source !== 'environment' && source !== 'demo';
  const folder = isFile ? dirname(source) : process.cwd();
  const written = option === undefined ? writtenStore(value, env) : storeNamed(option);
  if (written?.type === 'memory' || (written === undefined && source === 'demo'))
    return { is: 'memory', why: undefined };
  if (written && 'url' in written) return { is: 'redis', url: written.url, asked: true };
  if (written) {
    const problem = storeProblem({ store: written }, version);
    if (problem !== undefined || !('path' in written)) return problem ?? '';
    return { is: 'file', path: resolve(folder, written.path), asked: true };
  }
  const path = join(folder, STORE_FILE);
  const problem = storeProblem({ store: { path } }, version);
  if (problem !== undefined) return { is: 'memory', why: problem };
  if (!existsSync(path) && unwritable(folder))
    return {
      is: 'memory',
      why: `${folder} cannot be written, where the store would be; name another place by --store.`,
    };
  return { is: 'file', path, asked: false };
}

/** Opens it. Throws, or rejects with, StoreFailure. */
export function openStore(choice: StoreChoice, env: Env): Sooner<GatewayStore> {
  if (choice.is === 'memory') return memoryGatewayStore();
  if (choice.is === 'redis') return redisGatewayStore({ url: choice.url, env });
  return sqliteGatewayStore({ path: choice.path, env });
}

/** True when there is nothing yet: what is in a file is made with it. */
export const isMissing = (choice: StoreChoice): boolean => choice.is === 'file' && !existsSync(choice.path);
