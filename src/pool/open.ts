/** Who could take such calls, and who of them has room. Remembered by the pool between calls. */
import type { Call } from '../call/call.ts';
import type { Clock } from '../clock.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';

/** A cached answer to "who is eligible, room aside", good until something changes or time passes `validUntil`. */
export interface Open {
  readonly list: readonly Endpoint[];
  readonly version: number;
  readonly validUntil: number;
  /** Whether limits may keep one of them from taking a call. */
  readonly bounded: boolean;
  /** Those that had room when last looked; the same array as long as they are the same. */
  roomy: readonly Endpoint[];
}

/** True when the members of `list` with room are the ones in `roomy`. */
function sameRoom(list: readonly Endpoint[], roomy: readonly Endpoint[], call: Call, now: number): boolean {
  let found = 0;
  for (const endpoint of list) {
    if (!endpoint.room.hasRoom(call, now)) continue;
    if (roomy[found] !== endpoint) return false;
    found += 1;
  }
  return found === roomy.length;
}

/** Those with room for the call: the same array for as long as nothing changes. */
export function roomyOf(open: Open, call: Call, clock: Pick<Clock, 'now'>): readonly Endpoint[] {
  if (!open.bounded) return open.list;
  const now = clock.now();
  if (!sameRoom(open.list, open.roomy, call, now))
    open.roomy = open.list.filter((endpoint) => endpoint.room.hasRoom(call, now));
  return open.roomy;
}
