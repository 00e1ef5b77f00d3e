/**
 * What Redis does in one step. Each script touches one key, so that it runs on a cluster as it is, and every key it makes has a
 * ttl in that same step.
 */
import { createHash } from 'node:crypto';
import type { Link } from './clients.ts';

/** A script by its text and by the hash that a server knows it by. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

const script = (text: string): Script => ({ text, sha: createHash('sha1').update(text).digest('hex') });

/** Adds, and begins the ttl with the first addition. A counter without a ttl, which nobody here made, gets one too. */
export const ADD: Script = script(
  "local total = redis.call('INCRBY', KEYS[1], ARGV[1]) if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return total",
);

/** Says which schema is in use here; claims the place when nobody did, and prolongs the claim when it is ours. */
export const CLAIM: Script = script(
  "local found = redis.call('GET', KEYS[1]) if not found then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return ARGV[1] end if found == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return found",
);

/**
 * Tells a message, where the channel's name lies as a key. Why: a cluster's client sends a plain PUBLISH to any server of it, and
 * what two servers hand on may come in another order.
 */
export const PUBLISH: Script = script("return redis.call('PUBLISH', ARGV[1], ARGV[2])");

/** Runs a script by its hash; a server that was started anew, or another one, is told its text. */
export async function runScript(link: Link, { text, sha }: Script, key: string, args: string[]): Promise<unknown> {
  try {
    return await link.runKnown(sha, key, args);
  } catch (error) {
    if (!/\bNOSCRIPT\b/.test(String((error as { message?: unknown } | null)?.message))) throw error;
    return link.run(text, key, args);
  }
}
