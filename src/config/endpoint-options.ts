/** The options of one endpoint as users write them. `endpoint-schema.ts` holds the same at run time; see `options.ts`. */
import type { ClientOptions, OpenAI } from 'openai';
import type { AzureClientOptions } from 'openai/azure';
import type { ModelMap } from '../call/model-map.ts';

/** Endpoint types. */
export type EndpointType = 'openai' | 'azure';

/** What an endpoint may be given, model by model: kept to from the first call on, before anything is learned from its replies. */
export interface LimitOptions {
  /** Calls per minute and model; a bucket of so many that fills evenly. A number above 0. @default none */
  requestsPerMinute?: number | undefined;
  /** Tokens per minute and model, in and out; estimated before a call, corrected by its `usage`. A number above 0. @default none */
  tokensPerMinute?: number | undefined;
  /** Attempts at one time over all models and all clients of the process, streams until their end. A whole number of 1 or more. @default none */
  maxConcurrent?: number | undefined;
}

/** What any endpoint may have. */
export interface CommonEndpointOptions {
  /** How the endpoint is called in events, errors and `balancer.endpoint(name)`. @default its type and number, e.g. `openai-1` */
  name?: string | undefined;
  /** Public model name → the endpoint's own: exact, `prefix*` or `*`, the longest key wins; `$1` is what `*` matched. */
  modelMap?: ModelMap | undefined;
  /** Public model names it serves, exact or `prefix*`. @default all */
  models?: readonly string[] | undefined;
  /** What it is used for, such as `'chat'` or `'embeddings'`. @default everything */
  operations?: readonly string[] | undefined;
  /** Share of the traffic relative to the others, 0 or more. @default 1 */
  weight?: number | undefined;
  /** Smaller is tried first, with the strategy `'priority'`. @default the place in the list */
  priority?: number | undefined;
  /** Free labels. @default [] */
  tags?: readonly string[] | undefined;
  /**
   * Its rate limits, as far as you know them; what its replies tell of them is learned anyway. With a `store`, those per minute
   * hold for all processes on it together, by the endpoint's `name` or its `quotaGroup`. @default none
   */
  limits?: LimitOptions | undefined;
  /**
   * Endpoints with the same name here draw on one quota, such as two keys of one organisation: they share its limits and its
   * 429s, model by model. @default learned from the organisation and project that replies name
   */
  quotaGroup?: string | undefined;
}

/** An endpoint that speaks the OpenAI API. Takes every option of the SDK's client except `maxRetries`. */
export interface OpenAIEndpointOptions extends CommonEndpointOptions, Omit<ClientOptions, 'maxRetries'> {
  type?: 'openai' | undefined;
  client?: undefined;
  /** Name of the environment variable that holds the key. */
  apiKeyEnv?: string | undefined;
}

/** An Azure OpenAI resource. Takes every option of the SDK's `AzureOpenAI` except `maxRetries`. */
export interface AzureEndpointOptions extends CommonEndpointOptions, Omit<AzureClientOptions, 'maxRetries'> {
  type: 'azure';
  client?: undefined;
  /** Name of the environment variable that holds the key. */
  apiKeyEnv?: string | undefined;
}

/** An endpoint with an SDK client of your own, used as it is. */
export interface ClientEndpointOptions extends CommonEndpointOptions {
  /** Any client of the SDK: plain, Azure, or with hooks of your own. Its `maxRetries` is ignored. */
  client: OpenAI;
  /** @default 'azure' for an `AzureOpenAI`, otherwise 'openai' */
  type?: EndpointType | undefined;
  /** Bound of its attempts, in ms. */
  timeout?: number | undefined;
}

/** One endpoint of the pool. */
export type EndpointOptions = OpenAIEndpointOptions | AzureEndpointOptions | ClientEndpointOptions;
