// Real fault servers and one client over them, closed together: what `scenario.ts` and the longer tests play on.
//   await using stage = await openStage({ a: [503], b: [] });   stage.client … stage.servers.a.calls … stage.events.names()
import type { ClientOptions } from 'openai';
import {
  type EndpointOptions,
  type EndpointSnapshot,
  LoadBalancedOpenAI,
  type LoadBalancedOpenAIOptions,
} from '../../src/index.ts';
import {
  type EventRecorder,
  type FaultServer,
  type FaultServerOptions,
  faultServer,
  recordEvents,
  type Script,
} from '../../src/testing/index.ts';

/** One endpoint: the script of its server, or the script with options of the server and of the endpoint. */
export type EndpointScript = Script | ScriptedEndpoint;

type Transport = Pick<ClientOptions, 'fetch' | 'fetchOptions'>;

/** A script with more to say. */
export interface ScriptedEndpoint extends Omit<EndpointOptions, 'name' | 'apiKey' | 'baseURL'>, Transport {
  /** Where the calls go in place of the server: `https://…/v1`, or a host name at the server's own port. */
  readonly at?: string;
  readonly script: Script;
  readonly server?: Omit<FaultServerOptions, 'name' | 'script' | 'apiKey'>;
}

/** The client's options; its endpoints come from the scripts. */
export type StageOptions = Omit<LoadBalancedOpenAIOptions, 'endpoints'>;

/** Everything there is to look at while nothing is closed yet. */
export interface Stage<Name extends string = string> extends AsyncDisposable {
  readonly client: LoadBalancedOpenAI;
  readonly servers: Readonly<Record<Name, FaultServer>>;
  readonly events: EventRecorder;
  /** The key of each endpoint; no two stages share one, so that no state is inherited and a leaked key shows. */
  readonly keys: Readonly<Record<Name, string>>;
  /** The options the client was made with, to make another one over the same endpoints. */
  readonly options: LoadBalancedOpenAIOptions;
  /** What the snapshot says of one endpoint now. */
  state(name: Name): EndpointSnapshot;
}

const isScripted = (value: EndpointScript): value is ScriptedEndpoint => typeof value === 'object' && 'script' in value;

let opened = 0;

/** A close that does not end is a failure of its own, and must not hide the one before. */
async function within(ms: number, closing: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('close() hangs: a call is still running')), ms);
  });
  await Promise.race([closing, late]).finally(() => clearTimeout(timer));
}

/**
 * Starts the servers and the client.
 * @param scripts the endpoints in order, by name.
 * @param options of the client; default `strategy: 'priority'`, so that the order of the endpoints is the order of tries, and no log.
 */
export async function openStage<Name extends string>(
  scripts: Readonly<Record<Name, EndpointScript>>,
  options: StageOptions = {},
): Promise<Stage<Name>> {
  opened += 1;
  const servers = {} as Record<Name, FaultServer>;
  const keys = {} as Record<Name, string>;
  const endpoints: EndpointOptions[] = [];
  for (const [name, given] of Object.entries(scripts) as [Name, EndpointScript][]) {
    const { script, server: serverOptions, at, ...rest } = isScripted(given) ? given : { script: given };
    const apiKey = `key-${name}-${opened}`;
    const server = await faultServer({ ...serverOptions, name, script, apiKey });
    servers[name] = server;
    keys[name] = apiKey;
    const baseURL = at?.includes('/') ? at : server.url.replace('127.0.0.1', at ?? '127.0.0.1');
    const where = rest.type === 'azure' ? { endpoint: server.origin, apiVersion: '2024-10-21' } : { baseURL };
    endpoints.push({ ...where, ...rest, name, apiKey } as EndpointOptions);
  }
  const whole: LoadBalancedOpenAIOptions = { strategy: 'priority', logLevel: 'off', ...options, endpoints };
  const client = new LoadBalancedOpenAI(whole);
  const events = recordEvents(client);
  return {
    ...{ client, servers, keys, events, options: whole },
    state: (name) => client.balancer.snapshot().endpoints.find((endpoint) => endpoint.name === name)!,
    async [Symbol.asyncDispose]() {
      events.stop();
      // Servers first: a call that still runs must not keep the client from closing.
      await Promise.all(Object.values<FaultServer>(servers).map((server) => server.close()));
      await within(5_000, client.close());
    },
  };
}
