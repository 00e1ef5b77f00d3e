/** Keeps a running gateway on its configuration file: read again when it changes and on SIGHUP, taken as a whole or not at all. */
import { type StatsListener, unwatchFile, watchFile } from 'node:fs';
import { basename } from 'node:path';
import type { Configuration } from '../../gateway/configuration.ts';
import type { GatewayLog } from '../../gateway/http/log.ts';

/** How often the file is looked at, in ms. Why so and no events: files that are links, as containers mount them, tell none. */
const LOOK_EVERY = 500;

/**
 * Begins to follow the file that the gateway's configuration came from, if it came from one.
 * @returns what ends it.
 */
export function keepCurrent(configuration: Configuration, log: GatewayLog): () => void {
  const { source } = configuration.settings;
  const isFile = source !== 'environment' && source !== 'demo';
  const again = (why: string): void => {
    if (!isFile) {
      log.warn('There is no configuration file to read again.', { why });
      return;
    }
    try {
      const before = configuration.settings.store;
      const { endpoints, groups, clientKeys, warnings, store } = configuration.refresh();
      const counts = { endpoints: endpoints.length, groups: groups.length, clientKeys: clientKeys.length };
      log.info('configuration taken', { why, source: basename(source), ...counts });
      for (const warning of warnings) log.warn(warning);
      if (JSON.stringify(store) !== JSON.stringify(before))
        log.warn('The store stays the one that the gateway began with; restart it to use the other one.');
    } catch (error) {
      log.error('The configuration was not taken; the one before goes on.', { why });
      for (const line of (error as Error).message.split('\n')) log.error(line);
    }
  };
  const changed: StatsListener = (now, before) => {
    // While it is written anew it may be gone for a moment.
    if (now.mtimeMs !== 0 && (now.mtimeMs !== before.mtimeMs || now.size !== before.size)) again('file changed');
  };
  const asked = () => again('SIGHUP');
  if (isFile) watchFile(source, { interval: LOOK_EVERY, persistent: false }, changed);
  process.on('SIGHUP', asked);
  return () => {
    if (isFile) unwatchFile(source, changed);
    process.off('SIGHUP', asked);
  };
}
