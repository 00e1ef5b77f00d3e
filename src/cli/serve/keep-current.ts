/** Keeps a running gateway on its configuration file: read again when it changes and on SIGHUP, taken as a whole or not at all. */
import { type StatsListener, unwatchFile, watchFile } from 'node:fs';
import { basename } from 'node:path';
import type { Gateway } from '../../gateway/gateway.ts';
import type { GatewayLog } from '../../gateway/log.ts';
import { storeProblem } from '../../gateway/store-needs.ts';
import { settingsFrom } from '../settings-from.ts';

/** How often the file is looked at, in ms. Why so and no events: files that are links, as containers mount them, tell none. */
const LOOK_EVERY = 500;

/**
 * Begins to follow the file that the gateway's configuration came from, if it came from one.
 * @returns what ends it.
 */
export function keepCurrent(gateway: Gateway, log: GatewayLog): () => void {
  const { source } = gateway.settings;
  const isFile = source !== 'environment' && source !== 'demo';
  const again = (why: string) => {
    if (!isFile) return log.warn('There is no configuration file to read again.', { why });
    const found = settingsFrom(source);
    const problem = found.is === 'read' ? storeProblem(found.settings, process.versions.node) : found.problem;
    try {
      if (found.is !== 'read' || problem !== undefined) throw new Error(problem);
      gateway.reload(found.settings);
    } catch (error) {
      log.error('The configuration was not taken; the one before goes on.', { why });
      for (const line of (error as Error).message.split('\n')) log.error(line);
      return undefined;
    }
    const { endpoints, groups, clientKeys, warnings } = found.settings;
    const counts = { endpoints: endpoints.length, groups: groups.length, clientKeys: clientKeys.length };
    log.info('configuration taken', { why, source: basename(source), ...counts });
    for (const warning of warnings) log.warn(warning);
    return undefined;
  };
  const changed: StatsListener = (now, before) => {
    // While it is written anew it may be gone for a moment.
    if (now.mtimeMs !== 0 && (now.mtimeMs !== before.mtimeMs || now.size !== before.size)) again('file changed');
  };
  const asked = () => void again('SIGHUP');
  if (isFile) watchFile(source, { interval: LOOK_EVERY, persistent: false }, changed);
  process.on('SIGHUP', asked);
  return () => {
    if (isFile) unwatchFile(source, changed);
    process.off('SIGHUP', asked);
  };
}
