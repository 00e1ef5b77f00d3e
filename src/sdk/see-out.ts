/** The end of a transfer whose stream has said that it is over. */
import type { Clock } from '../clock.ts';

/** How long it may take after `[DONE]`, in ms: it was sent with it, perhaps in a packet of its own. */
const LAST_BREATH = 250;

/**
 * Reads on to the end of the transfer: then its connection serves the next call. A server that keeps it open loses it, and so
 * does one that sends more.
 */
export function seeOut(reader: Pick<ReadableStreamDefaultReader, 'read'>, clock: Clock, leave: () => void): void {
  const stop = clock.after(LAST_BREATH, leave, false);
  reader.read().then(({ done }) => {
    stop();
    if (!done) leave();
  }, stop);
}
