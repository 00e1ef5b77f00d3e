/** What of the environment takes away a protection that everybody counts on; it is said, since nobody would see it. */
import { type Env, readEnv } from '../../config/inheritance.ts';

/** Warnings about it. */
export function unsafeEnvironment(env: Env): string[] {
  if (readEnv(env, 'NODE_TLS_REJECT_UNAUTHORIZED') !== '0') return [];
  return [
    'NODE_TLS_REJECT_UNAUTHORIZED=0 takes every certificate for good: anybody in between reads the keys and the prompts. Take it away; for an authority of your own there is NODE_EXTRA_CA_CERTS.',
  ];
}
