/** Words for options nobody knows: a typing error, a right option in the wrong place, or one that no longer exists. */
import { endpointSdkKeys, ownKeys } from './endpoint-schema.ts';
import { type Problems, pathOf } from './problems.ts';
import { poolKeys } from './schema.ts';
import { clientKeys } from './sdk-options.ts';
import { didYouMean, shownName } from './suggest.ts';

const besidePool = (): readonly string[] => [...poolKeys(), ...clientKeys];
const inEndpoint = (): readonly string[] => [...ownKeys(), ...endpointSdkKeys].filter((name) => name !== 'maxRetries');

const GONE: Readonly<Record<string, string>> = {
  httpAgent: 'no longer exists in the SDK; use fetchOptions: { dispatcher } with an undici dispatcher',
};

/** Notes the unknown options beside `endpoints`. */
export function unknownBesidePool(names: readonly string[], problems: Problems): void {
  for (const name of names) {
    const misplaced = inEndpoint().includes(name)
      ? 'belongs into the endpoint it is for, not beside endpoints'
      : undefined;
    const text = misplaced ?? GONE[name] ?? `unknown option${didYouMean(name, besidePool())}`;
    problems.add('unknown_option', pathOf('', [shownName(name)]), text);
  }
}

/** Notes the unknown options of the endpoint at `base`. */
export function unknownInEndpoint(names: readonly string[], base: string, problems: Problems): void {
  for (const name of names) {
    const misplaced = poolKeys().has(name)
      ? 'belongs to the whole pool; put it beside endpoints, not into one'
      : undefined;
    const text = misplaced ?? GONE[name] ?? `unknown option${didYouMean(name, inEndpoint())}`;
    problems.add('unknown_option', pathOf(base, [shownName(name)]), text);
  }
}
