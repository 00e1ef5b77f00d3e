/** Keeps a running gateway on its configuration file: read again when it changes and on SIGHUP, taken as a whole or not at all. */
import { type Stats, type StatsListener, statSync, unwatchFile, watchFile } from 'node:fs';
import { basename } from 'node:path';
import { systemClock } from '../../clock.ts';
import type { Configuration } from '../../gateway/configuration.ts';
import type { GatewayLog } from '../../gateway/http/log.ts';

/** How often the file is looked at, in ms. Why so and no events: files that are links, as containers mount them, tell none. */
const LOOK_EVERY = 500;
/** A file that did not change for so long, in ms, is whole: half of one may be right as well, and say something else. */
const STILL_FOR = 200;

const isSame = (one: Stats, other: Stats) => one.mtimeMs === other.mtimeMs && one.size === other.size;

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
  let letBe = () => {};
  const whenStill = (seen: Stats): void => {
    letBe();
    const look = () => {
      const now = statSync(source, { throwIfNoEntry: false });
      // One that is gone is told of when it is back.
      if (now && isSame(now, seen)) again('file changed');
      else if (now) whenStill(now);
    };
    letBe = systemClock.after(STILL_FOR, look, false);
  };
  const changed: StatsListener = (now, before) => {
    // While it is written anew it may be gone for a moment.
    if (now.mtimeMs !== 0 && !isSame(now, before)) whenStill(now);
  };
  const asked = () => again('SIGHUP');
  if (isFile) watchFile(source, { interval: LOOK_EVERY, persistent: false }, changed);
  process.on('SIGHUP', asked);
  return () => {
    letBe();
    if (isFile) unwatchFile(source, changed);
    process.off('SIGHUP', asked);
  };
}
