// The behaviour matrix of a drop-in: what the SDK does, as named tests, for one SDK and one size of pool. Every behaviour
// that is not about pools runs against the plain SDK first; what that SDK itself cannot do is skipped, with its reason.
import { describe, expect, it } from 'vitest';
import { FULL } from '../support/calls.ts';
import { clientObject } from './behaviours/client-object.ts';
import { failover } from './behaviours/failover.ts';
import { helpers } from './behaviours/helpers.ts';
import { hooks } from './behaviours/hooks.ts';
import { models } from './behaviours/models.ts';
import { options } from './behaviours/options.ts';
import { pages } from './behaviours/pages.ts';
import { results } from './behaviours/results.ts';
import { streams } from './behaviours/streams.ts';
import { uploads } from './behaviours/uploads.ts';
import { type Behaviour, type Library, type PoolSize, type Sdk, startBench } from './support/bench.ts';
import type { Format } from './support/installations.ts';

/** The matrix, by what it is about. */
export const BEHAVIOURS: Record<string, readonly Behaviour[]> = {
  results,
  options,
  failover,
  models,
  streams,
  helpers,
  pages,
  uploads,
  'client object': clientObject,
  hooks,
};

/** What to run the matrix on. */
export interface Subject {
  /** Named in every test, e.g. `openai 7.55.0, esm`. */
  label: string;
  sdk: Sdk;
  library: Library;
  poolSize: PoolSize;
  /** Behaviours this SDK is known not to have; any other that fails against the plain SDK fails the suite. */
  lacking?: readonly string[];
}

/** The sizes of pools for one format: all of them with the large counts, else each size with one of the formats. */
export const poolSizesOf = (format: Format): readonly PoolSize[] =>
  FULL ? ['sdk', 0, 1, 2, 3] : format === 'esm' ? ['sdk', 1, 2] : [0, 3];

const failures = new WeakMap<Sdk, Map<string, Promise<string | undefined>>>();

async function perform(one: Behaviour, sdk: Sdk, library: Library, poolSize: PoolSize): Promise<void> {
  const bench = await startBench(sdk, library, poolSize);
  await one.run(bench).finally(bench.close);
}

/** Why the plain SDK fails at a behaviour, or undefined when it does not; found out once per SDK. */
function failureOfTheSdk(one: Behaviour, sdk: Sdk, library: Library): Promise<string | undefined> {
  const known = failures.get(sdk) ?? new Map<string, Promise<string | undefined>>();
  failures.set(sdk, known);
  const found =
    known.get(one.name) ??
    perform(one, sdk, library, 'sdk').then(
      () => undefined,
      (error: Error) => error.message.split('\n')[0] ?? 'failed',
    );
  known.set(one.name, found);
  return found;
}

const nameOf = (poolSize: PoolSize) =>
  poolSize === 'sdk' ? 'plain SDK (control)' : poolSize === 0 ? 'no pool' : `pool of ${poolSize}`;

/** Registers the matrix for one subject. */
export function sdkBehaviours({ label, sdk, library, poolSize, lacking = [] }: Subject): void {
  describe(`${label}, ${nameOf(poolSize)}`, () => {
    for (const [group, behaviours] of Object.entries(BEHAVIOURS)) {
      const here = behaviours.filter((one) => one.on.includes(poolSize));
      if (here.length === 0) continue;
      describe(group, () => {
        for (const one of here) {
          it(one.name, async (context) => {
            const reason = one.on.includes('sdk') ? await failureOfTheSdk(one, sdk, library) : undefined;
            if (poolSize === 'sdk') {
              if (lacking.includes(one.name)) expect(reason, 'listed as lacking, yet the SDK does it').toBeDefined();
              else expect(reason).toBeUndefined();
            } else {
              if (reason !== undefined) context.skip(`${label} itself does not: ${reason}`);
              await perform(one, sdk, library, poolSize);
            }
          });
        }
      });
    }
  });
}
