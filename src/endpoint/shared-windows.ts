/** The windows of limits that several processes share: the same ones for all clients of a process with the same store. */
import { createHash } from 'node:crypto';
import type { LimitSettings } from '../config/settings.ts';
import type { Fleet } from '../state/fleet.ts';
import { Allowance } from './allowance.ts';
import { SharedWindow } from './shared-window.ts';

/** Limits of so many endpoints are remembered beside one store. */
const LIMIT = 1_000;

/** What others know a window by: neither a name nor a length of the user's shows in the store. */
function keyOf(owner: readonly string[], model: string, kind: string): string {
  return createHash('sha256')
    .update(JSON.stringify([...owner, model, kind]))
    .digest('base64url');
}

/** What others know the owner by, of all of its windows. */
function ownerOf(owner: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(owner)).digest('base64url').slice(0, 10);
}

/** The windows of one owner. @param owner how other processes know it. @param wake called when there is more room than before. */
export function sharedWindows(
  fleet: Fleet,
  limits: LimitSettings,
  owner: readonly string[],
  wake: () => void,
): Allowance {
  const { requestsPerMinute, tokensPerMinute } = limits;
  const key = JSON.stringify([owner, requestsPerMinute, tokensPerMinute]);
  const found = fleet.kept.get(key);
  if (found) return found as Allowance;
  const name = ownerOf(owner);
  const made = new Allowance(limits, (limit, rate, _now, model, kind) => {
    return new SharedWindow(limit, rate, { fleet, owner: name, key: keyOf(owner, model, kind), wake });
  });
  if (fleet.kept.size >= LIMIT) fleet.kept.delete(fleet.kept.keys().next().value as string);
  fleet.kept.set(key, made);
  return made;
}
