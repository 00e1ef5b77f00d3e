/** A gateway's configuration after the check: complete, references filled in, nothing left to guess. What the rest of the gateway reads. */
import type { EndpointOptions } from '../../config/endpoint-options.ts';
import type { LoadBalancedOpenAIOptions } from '../../config/options.ts';
import type { gatewayTypes } from './endpoint-fields.ts';
import type { GatewayConfig } from './schema.ts';

/** Options of the library as the user wrote them, `endpoints` aside. */
export type LibraryOptions = Omit<LoadBalancedOpenAIOptions, 'endpoints'>;

/** Who says so: the configuration file, what was changed through the admin API, or the environment. */
export type Source = 'file' | 'store' | 'environment';

/** A part of a configuration as it was written, references not filled in. It may hold keys: nothing to show as it is. */
export type Given = Readonly<Record<string, unknown>>;

/** An endpoint that takes part. */
export interface GatewayEndpoint {
  readonly name: string;
  readonly source: Source;
  readonly given: Given;
  readonly type: (typeof gatewayTypes)[number];
  /** What the library builds it from. */
  readonly options: EndpointOptions;
  /** Where it is, credentials left out. */
  readonly baseURL: string;
  /** Public model names and patterns that it names, by `models` or `modelMap`. */
  readonly names: readonly string[];
  /** Takes whatever model it is asked for. */
  readonly open: boolean;
  /** Where its key comes from, never the key. */
  readonly keyFrom: string;
}

/** An endpoint that takes no part, because it has no key. */
export interface SkippedEndpoint
  extends Pick<GatewayEndpoint, 'name' | 'type' | 'source' | 'given' | 'baseURL' | 'keyFrom'> {
  readonly why: string;
}

/** An endpoint of a group. */
export interface GroupMember {
  readonly endpoint: string;
  readonly model: string;
  readonly weight?: number | undefined;
  readonly priority?: number | undefined;
}

/** A public model name and who serves it. */
export interface Group {
  readonly name: string;
  readonly source: Source;
  readonly given: Given;
  /** In the user's order, those without a key left out. */
  readonly members: readonly GroupMember[];
  readonly fallback: readonly string[];
  /** The options it has of its own. */
  readonly options: LibraryOptions;
}

/** What a key may use. */
export interface KeyLimits {
  readonly requestsPerMinute?: number | undefined;
  readonly tokensPerMinute?: number | undefined;
  readonly budget?: { readonly amount: number; readonly per: 'day' | 'month' } | undefined;
}

/** Somebody who may make calls. The key itself is not kept. */
export interface ClientKey {
  readonly name: string;
  /** SHA-256 of the key, in hex. */
  readonly digest: string;
  /** Public names it may use; `undefined` = all. */
  readonly groups: readonly string[] | undefined;
  readonly limits: KeyLimits;
  /** In ms since 1970; `undefined` = never. */
  readonly expiresAt: number | undefined;
}

/** Somebody who may administrate. */
export type AdminKey = Pick<ClientKey, 'name' | 'digest'>;

/** Prices per million tokens. */
export type Price = GatewayConfig['prices'][string];

/** A gateway's configuration. */
export interface GatewaySettings {
  /** The file, or `environment`. */
  readonly source: string;
  /** It has no file: the services of the environment, whose models are told apart by prefix. */
  readonly byService: boolean;
  readonly endpoints: readonly GatewayEndpoint[];
  /** Those without a key. */
  readonly skipped: readonly SkippedEndpoint[];
  readonly groups: readonly Group[];
  /** Endpoints that take no new calls, by name. */
  readonly drained: readonly string[];
  /** The file's own part as it was written. */
  readonly given: Given;
  /** What holds for all pools. */
  readonly options: LibraryOptions;
  readonly clientKeys: readonly ClientKey[];
  readonly adminKeys: readonly AdminKey[];
  readonly prices: Readonly<Record<string, Price>>;
  readonly limits: GatewayConfig['limits'];
  readonly store: GatewayConfig['store'];
  readonly admin: GatewayConfig['admin'];
  readonly log: GatewayConfig['log'];
  /** What whoever runs it should know. */
  readonly warnings: readonly string[];
}
