// The bench of the behaviour matrix with a gateway in between: a plain SDK client that knows one address, and a pool behind it.
import { settingsOf } from '../../src/gateway/config/load.ts';
import { type Bench, type Library, type PoolSize, type Sdk, startBench } from '../contract/support/bench.ts';
import { gatewayWith } from './gateway.ts';

/** Options of an endpoint that no file can hold: what they are for is decided where the client is. */
const isData = (value: unknown) =>
  typeof value !== 'function' && !(typeof value === 'object' && value !== null && 'request' in value);

/**
 * A bench whose clients are plain ones of the SDK with the gateway's address; what is said of an endpoint goes into its configuration.
 * @param size 'sdk' = one endpoint behind the gateway.
 */
export async function startGatewayBench(sdk: Sdk, library: Library, size: PoolSize): Promise<Bench> {
  const bench = await startBench(sdk, library, size);
  const configuration = (own: (upstream: number) => Record<string, unknown>) => ({
    maxRetries: 0,
    endpoints: bench.upstreams.map(({ url, name }, index) => {
      const more = Object.fromEntries(Object.entries(own(index)).filter(([, value]) => isData(value)));
      return { name, apiKey: bench.key(index), baseURL: url, ...more };
    }),
  });
  const gateway = await gatewayWith(
    configuration(() => ({})),
    { level: 'off' },
  );
  const make: Bench['make'] = (Class, options = {}, endpoint) => {
    if (endpoint) gateway.gateway.reload(settingsOf(configuration(endpoint), {}, 'test'));
    const Client = Class as unknown as new (options: object) => InstanceType<Sdk['OpenAI']>;
    return new Client({ apiKey: 'any', baseURL: `${gateway.url}/v1`, ...options });
  };
  return {
    ...bench,
    Base: sdk.OpenAI as unknown as Bench['Base'],
    make,
    client: (options, endpoint) => make(sdk.OpenAI as never, options, endpoint),
    async close() {
      await gateway[Symbol.asyncDispose]();
      await bench.close();
    },
  };
}
