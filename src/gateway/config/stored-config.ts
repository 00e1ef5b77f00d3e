/** The part of a configuration that a store keeps, and its changes. */

/** Options of an endpoint or a group, as a configuration file would hold them; not checked by the store. */
export type WrittenOptions = Readonly<Record<string, unknown>>;

/** The configuration that the store keeps. */
export interface StoredConfig {
  /** Endpoints by name, with their keys in the clear; encrypted at rest. */
  readonly endpoints: Readonly<Record<string, WrittenOptions>>;
  readonly groups: Readonly<Record<string, WrittenOptions>>;
  /** Names of endpoints that are drained; a file's endpoints may be among them. */
  readonly drained: readonly string[];
}

/** A change of it, taken as a whole or not at all. `null` deletes; what is not named stays; `drained` is the whole new list. */
export interface ConfigChange {
  readonly endpoints?: Readonly<Record<string, WrittenOptions | null>>;
  readonly groups?: Readonly<Record<string, WrittenOptions | null>>;
  readonly drained?: readonly string[];
}

type Table = Readonly<Record<string, WrittenOptions>>;

/** Names are a user's: without a prototype, none of them means anything else. */
function merged(table: Table, change: Readonly<Record<string, WrittenOptions | null>> = {}): Table {
  const result: Record<string, WrittenOptions> = Object.assign(Object.create(null), table);
  for (const [name, options] of Object.entries(change))
    if (options === null) delete result[name];
    else result[name] = structuredClone(options);
  return result;
}

/** The configuration after a change. The one before stays as it is. */
export function changed({ endpoints, groups, drained }: StoredConfig, change: ConfigChange): StoredConfig {
  return {
    endpoints: merged(endpoints, change.endpoints),
    groups: merged(groups, change.groups),
    drained: [...new Set(change.drained ?? drained)],
  };
}
