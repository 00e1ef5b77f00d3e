/**
 * The class users import in place of `OpenAI`. Wiring only: reads options, builds parts, hands every request to the seam.
 * Why a subclass and no Proxy: the SDK's `#private` members break under a Proxy; `request` and `requestAPIList` are public
 * and every HTTP call of the SDK goes through them, so its resource namespaces stay its own.
 */
import { type APIPromise, type ClientOptions, OpenAI } from 'openai';
import { optionsOf } from './config/constructor-arguments.ts';
import type { EndpointOptions } from './config/endpoint-options.ts';
import type { LoadBalancedOpenAIOptions, PoolOptions } from './config/options.ts';
import { resolveSettings } from './config/resolve-settings.ts';
import type { Settings } from './config/settings.ts';
import { beneath } from './endpoint/sdk-client.ts';
import type { Balancer } from './sdk/balancer.ts';
import { balancerOf } from './sdk/balancer.ts';
import { CLIENT_STATE, type ClientState, carry, clientState, linked, linkOf } from './sdk/client-state.ts';
import { outerOptions } from './sdk/outer-options.ts';
import { balancedList, balancedRequest } from './sdk/seam.ts';
import { nameStores } from './sdk/upload-chains.ts';

type Request = Parameters<OpenAI['request']>;

/**
 * An `OpenAI` client whose calls are spread over a pool of endpoints and survive failing ones.
 * @throws ConfigurationError for wrong options; the SDK's own error when there are no credentials at all.
 */
export class LoadBalancedOpenAI extends OpenAI {
  /** The pool: events, snapshot, endpoints. Own and not enumerable, so that copies of the client look like the SDK's. */
  declare readonly balancer: Balancer<this>;
  declare private readonly [CLIENT_STATE]: ClientState;

  constructor(endpoints: readonly EndpointOptions[], options?: Omit<LoadBalancedOpenAIOptions, 'endpoints'>);
  constructor(options?: LoadBalancedOpenAIOptions);
  constructor(first?: readonly EndpointOptions[] | LoadBalancedOpenAIOptions, second?: ClientOptions & PoolOptions) {
    const input = optionsOf(first, second);
    const link = linkOf(input);
    const settings: Settings = link ? link.core.settings : resolveSettings(input, process.env);
    super(link ? input : outerOptions(settings));
    // Tracers replace the SDK's constructor and lose the subclass on the way.
    if (Object.getPrototypeOf(this) !== new.target.prototype) Object.setPrototypeOf(this, new.target.prototype);
    const state = clientState(this, settings, input, link);
    carry(this, CLIENT_STATE, state);
    if (state.pooled()) nameStores(this);
    carry(
      this,
      'balancer',
      balancerOf<this>({
        core: state.core(),
        direct: state.direct,
        caller: () => state.caller(this),
        client: this,
        steering: state.steering(),
        steered: (steering) => this.withOptions(linked(state.steeredBy(steering))),
      }),
    );
  }

  /** As in the SDK; over the pool when there is one. */
  override request<Rsp>(options: Request[0], remainingRetries: Request[1] = null): APIPromise<Rsp> {
    const state = this[CLIENT_STATE];
    if (!state?.pooled()) return super.request<Rsp>(options, remainingRetries);
    return balancedRequest<Rsp>(state.caller(this), options, remainingRetries ?? null);
  }

  // Assigned, since the SDK's generic signature cannot be written out; the type stays exactly the SDK's.
  static {
    const { requestAPIList } = OpenAI.prototype;
    LoadBalancedOpenAI.prototype.requestAPIList = function (this: LoadBalancedOpenAI, Page, options) {
      const state = this[CLIENT_STATE];
      if (!state?.pooled()) return requestAPIList.call(this, Page, options) as never;
      return balancedList(state.caller(this), Page as never, options) as never;
    };
    // A method, and like one it is not listed.
    Object.defineProperty(LoadBalancedOpenAI.prototype, 'requestAPIList', { enumerable: false });
  }

  /**
   * A client with other options on the same pool: breakers, counters and what was learned are shared.
   * @throws ConfigurationError for `apiKey` or `baseURL` on two or more endpoints.
   */
  override withOptions(options: Partial<LoadBalancedOpenAIOptions>): this {
    const state = this[CLIENT_STATE];
    if (!state?.pooled()) return super.withOptions(options);
    const fresh = state.freshOptions(options);
    if (fresh) return new (this.constructor as new (options: LoadBalancedOpenAIOptions) => this)(fresh);
    return super.withOptions.call(beneath(this), state.cloneOptions(options)) as this;
  }

  /** Takes no new calls and ends the waiting ones; resolves when the running ones are over. The pool of all clones ends with it. */
  close(): Promise<void> {
    return this[CLIENT_STATE].core().close();
  }

  /** How the client prints: its endpoints by name, never their credentials. Without a pool it prints as the SDK's does. */
  [Symbol.for('nodejs.util.inspect.custom')](): unknown {
    const { endpoints } = this.toJSON() as { endpoints?: readonly string[] };
    return endpoints ? `${this.constructor.name} { endpoints: ${endpoints.join(', ')} }` : this;
  }

  /** How the client is serialised, by loggers for example: as it prints. */
  toJSON(): object {
    const state = this[CLIENT_STATE];
    if (!state?.pooled()) return this;
    return { endpoints: state.core().pool.endpoints.map(({ name }) => name) };
  }

  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
