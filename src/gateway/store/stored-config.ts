/** Applies a change to stored configuration. */
import type { ConfigChange, StoredConfig, WrittenOptions } from './gateway-store.ts';

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
