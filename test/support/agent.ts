// An HTTP agent of one's own for one endpoint, made of the undici inside Node: its name lookup, connect bound, trust and HTTP/2
// can be set, as with the `undici` package.
import type { LookupFunction } from 'node:net';
import type { ClientOptions } from 'openai';

/** What the agent's connections are made with. */
export interface AgentOptions {
  readonly allowH2?: boolean;
  readonly connect?: {
    /** ms; undici looks every half second, so it may take a second longer. */
    readonly timeout?: number;
    readonly lookup?: LookupFunction;
    /** The only issuer to be trusted, PEM. */
    readonly ca?: string;
  };
}

/** An agent in use. */
export interface OwnAgent extends AsyncDisposable {
  /** For the endpoint whose calls shall go through it. */
  readonly fetchOptions: NonNullable<ClientOptions['fetchOptions']>;
}

type Agent = new (options: AgentOptions) => { destroy(): Promise<void> };

/** Makes an agent. It drops its connections when it is disposed of. */
export async function ownAgent(options: AgentOptions): Promise<OwnAgent> {
  // Node loads its undici with the first fetch.
  await fetch('data:,');
  const global = (globalThis as Record<symbol, unknown>)[Symbol.for('undici.globalDispatcher.1')] as object;
  const dispatcher = new (global.constructor as Agent)(options);
  return {
    fetchOptions: { dispatcher } as unknown as OwnAgent['fetchOptions'],
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}

/** A lookup that gives these addresses to every name, the first ones first; `asked` counts. */
export function addresses(...given: readonly string[]): LookupFunction & { asked: number } {
  const lookup: LookupFunction & { asked: number } = Object.assign(
    ((_name, options, done) => {
      lookup.asked += 1;
      const found = given.map((address) => ({ address, family: 4 }));
      if (options.all) done(null, found);
      else done(null, found[0]?.address ?? '', 4);
    }) as LookupFunction,
    { asked: 0 },
  );
  return lookup;
}
