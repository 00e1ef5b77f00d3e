/** Knows an SDK client that nobody changed: what the pool does in its place must be what it would do. */
import { AzureOpenAI, OpenAI } from 'openai';
import type { EndpointSettings } from '../config/settings.ts';

/** By which a request goes out. */
const SENDS = ['request', 'fetchWithAuth', 'fetchWithTimeout', 'prepareOptions'] as const;
/** By which it is built. */
const BUILDS = [
  ...([
    'buildRequest',
    'buildURL',
    'buildHeaders',
    'buildBody',
    'authHeaders',
    'bearerAuth',
    'adminAPIKeyAuth',
  ] as const),
  ...(['validateHeaders', 'getUserAgent', 'defaultQuery'] as const),
] as const;

type Members = Readonly<Record<(typeof SENDS)[number] | (typeof BUILDS)[number], unknown>>;

function membersOf({ prototype }: typeof OpenAI): Members {
  const members = prototype as unknown as Members;
  return Object.fromEntries([...SENDS, ...BUILDS].map((name) => [name, members[name]])) as Members;
}

/** As they are before anybody changes them; versions of the SDK that have no such member have `undefined` there. */
const OWN: Readonly<Record<EndpointSettings['type'], Members>> = {
  openai: membersOf(OpenAI),
  azure: membersOf(AzureOpenAI),
};

function hasOwn(client: OpenAI, names: readonly (keyof Members)[], own: Members): boolean {
  const members = client as unknown as Members;
  for (const name of names) if (members[name] !== own[name]) return false;
  return true;
}

/** True when this client of an endpoint sends as the SDK does. */
export const sendsAsEver = (client: OpenAI, type: EndpointSettings['type']): boolean =>
  hasOwn(client, SENDS, OWN[type]);

/** True when it builds its requests as `OpenAI` does. */
export const buildsAsEver = (client: OpenAI): boolean => hasOwn(client, BUILDS, OWN.openai);
