/** What a store needs of this Node. Asked before one is opened, so that the message says what to do. */
import type { GatewaySettings } from '../config/settings.ts';

const SQLITE_SINCE = [22, 13] as const;

/** Why the store of this configuration cannot be opened; `undefined` when it can, or when there is none. */
export function storeProblem({ store }: Pick<GatewaySettings, 'store'>, version: string): string | undefined {
  if (!store || !('path' in store)) return undefined;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > SQLITE_SINCE[0] || (major === SQLITE_SINCE[0] && minor >= SQLITE_SINCE[1])) return undefined;
  return `A store in a file needs Node ${SQLITE_SINCE.join('.')} or newer; this is Node ${version}. Use a newer one, or store: { type: memory }.`;
}
