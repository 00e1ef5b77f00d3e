// Stands in for src/config/resolve-settings.ts where clients are built when TRANSPORT=fast: `transport` is 'fast' for every client
// that says nothing which contradicts it. So any suite runs over the fast transport, in this process and in children of it.
import type { LoadBalancedOpenAIOptions } from '../../src/config/options.ts';
import { resolveSettings as resolve } from '../../src/config/resolve-settings.ts';

type Resolve = typeof resolve;

const wishes = ({ fetch, fetchOptions }: { fetch?: unknown; fetchOptions?: unknown }): boolean =>
  fetch !== undefined || (fetchOptions as { dispatcher?: unknown } | undefined)?.dispatcher !== undefined;

function standard({ transport, endpoints, ...top }: LoadBalancedOpenAIOptions): boolean {
  if (transport !== undefined || wishes(top)) return true;
  return Array.isArray(endpoints) && endpoints.some((one: unknown) => typeof one === 'object' && wishes(one ?? {}));
}

/** As `resolveSettings`, with the other default. */
export const resolveSettings: Resolve = (input, env) =>
  resolve(standard(input) ? input : { ...input, transport: 'fast' }, env);
