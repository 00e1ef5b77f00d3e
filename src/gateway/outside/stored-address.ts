/** Where an endpoint that came through the admin API may be: on the internet, by https, unless the file allows more. */
import type { Given } from '../config/settings.ts';
import { urlProblem } from './public-address.ts';

/** The addresses that an endpoint's options name, each with its option. */
export function addressesIn({ baseURL, endpoint }: Given): { path: 'baseURL' | 'endpoint'; url: string }[] {
  return Object.entries({ baseURL, endpoint }).flatMap(([path, url]) =>
    typeof url === 'string' && url !== '' ? [{ path: path as 'baseURL' | 'endpoint', url }] : [],
  );
}

/** What has to be done about a wrong address. */
export const ALLOW = 'admin: { allowInsecure: true } in the configuration file allows it';

/** Why an endpoint of the store may not be where it is. */
export function storedAddressProblem(given: Given, allowInsecure: boolean): string | undefined {
  if (allowInsecure) return undefined;
  for (const { path, url } of addressesIn(given)) {
    const problem = urlProblem(url);
    if (problem !== undefined) return `its ${path} ${problem}; ${ALLOW}`;
  }
  return undefined;
}
