/** The gateway's own keys: read off a file, and kept as their hashes. */
import { hash } from 'node:crypto';
import { isObject } from './check-shape.ts';
import { oneReference } from './references.ts';
import type { GatewayConfig } from './schema.ts';
import type { AdminKey, ClientKey, Given } from './settings.ts';

const digestOf = (key: string) => hash('sha256', key);

/** A client key of a file. */
export const clientKeyOf = ({
  name,
  key,
  groups,
  limits = {},
  expiresAt,
}: GatewayConfig['clientKeys'][number]): ClientKey => ({
  name,
  digest: digestOf(key),
  groups,
  limits,
  expiresAt: expiresAt === undefined ? undefined : Date.parse(expiresAt),
});

/** An admin key of a file. */
export const adminKeyOf = ({ name, key }: GatewayConfig['adminKeys'][number]): AdminKey => ({
  name,
  digest: digestOf(key),
});

/** A file's part without these keys: they are needed nowhere again. What is kept is where they come from. */
export function withoutOwnKeys(given: Given): Given {
  const bare = (list: unknown) =>
    Array.isArray(list) ? list.map((one) => (isObject(one) ? { ...one, key: oneReference(one.key) } : one)) : list;
  const { clientKeys, adminKeys, ...rest } = given;
  return {
    ...rest,
    ...(clientKeys !== undefined && { clientKeys: bare(clientKeys) }),
    ...(adminKeys !== undefined && { adminKeys: bare(adminKeys) }),
  };
}
