// A gateway in this process, on a free port, with its log kept; stopped when its test is over.
import OpenAI from 'openai';
import { systemClock } from '../../src/clock.ts';
import { Configuration, type ConfigurationSources } from '../../src/gateway/configuration.ts';
import { type Gateway, type GatewayOptions, startGateway } from '../../src/gateway/gateway.ts';
import { GatewayLog, type LogLevel } from '../../src/gateway/http/log.ts';
import type { LocalStore } from '../../src/gateway/store/gateway-store.ts';
import { memoryGatewayStore } from '../../src/gateway/store/memory-gateway-store.ts';
import type { FaultServer } from '../../src/testing/index.ts';

/** A gateway for a test. */
export interface TestGateway extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly configuration: Configuration;
  /** One that is this process's alone, where a test gives no other. */
  readonly store: LocalStore;
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** The lines of its log, as objects. */
  readonly lines: Record<string, unknown>[];
  /** A plain SDK client of it, without retries. */
  client(apiKey?: string): OpenAI;
  /** A plain fetch below its address, without any key. */
  get(path: string, init?: RequestInit): Promise<Response>;
}

/** What a test may set beside the configuration. */
export interface TestGatewayOptions extends Partial<Pick<GatewayOptions, 'clock' | 'host' | 'store' | 'telemetry'>> {
  /** Where the configuration is read from, instead of the one given. */
  readonly find?: ConfigurationSources['find'];
  readonly mayBeEmpty?: boolean;
  readonly level?: LogLevel;
  readonly env?: Record<string, string>;
}

/** An endpoint of a configuration for a fault server. */
export const endpointOf = (server: FaultServer, more: object = {}): object => ({
  name: server.name,
  apiKey: `sk-upstream-${server.name}`,
  baseURL: server.url,
  ...more,
});

/** Starts a gateway with this configuration. */
export async function gatewayWith(configuration: object, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { level = 'debug', env = {}, clock = systemClock, host } = options;
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const log = new GatewayLog({ level, readable: false, write, clock: systemClock });
  const store = options.store ?? memoryGatewayStore(clock);
  const find = options.find ?? (() => ({ source: 'test', value: configuration }));
  const from = new Configuration({ find, env, store, mayBeEmpty: options.mayBeEmpty });
  const gateway = await startGateway({
    settings: from.settings,
    configuration: from,
    store,
    log,
    port: 0,
    clock,
    host,
    telemetry: options.telemetry,
  });
  return {
    gateway,
    configuration: from,
    store: store as LocalStore,
    url: gateway.url,
    lines,
    client: (apiKey = 'any') => new OpenAI({ apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 }),
    get: (path, init) => fetch(gateway.url + path, init),
    [Symbol.asyncDispose]: () => gateway.stop(0),
  };
}

/** The body of a small chat call. */
export const chat = (model: string, more: object = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }], ...more }),
});

/** The messages of a small chat call. */
export const messages = [{ role: 'user' as const, content: 'hi' }];
