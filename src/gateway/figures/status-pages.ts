/** What a gateway says of itself: `/`, `/health`, `/health/live`, `/health/ready`, `/stats`, `/metrics`. No secrets; addresses in `/stats` only. */
import type { EndpointSnapshot } from '../../sdk/snapshot.ts';
import type { GatewaySettings } from '../config/settings.ts';
import { endpointNamed } from '../pools/pools.ts';
import type { Running } from '../running/running.ts';
import type { StoreState } from '../store/gateway-store.ts';
import type { Figures } from './figures.ts';
import { type MetricsFacts, metricsText } from './metrics.ts';

/** What the pages show. */
export interface StatusFacts {
  readonly running: Running;
  readonly figures: Figures;
  /** In ms since 1970. */
  readonly now: number;
  /** In ms since 1970. */
  readonly since: number;
  readonly closing: boolean;
  readonly store: StoreState;
}

/** A page. */
export interface StatusPage {
  readonly status: number;
  /** An object is written as JSON. */
  readonly body: string | object;
}

/** The state of every endpoint, each once, whichever pools it stands in. */
export function endpointStates({ pools }: Running): EndpointSnapshot[] {
  const found = new Map<string, EndpointSnapshot>();
  for (const client of pools.clients)
    for (const endpoint of client.balancer.snapshot().endpoints) {
      const name = endpointNamed(endpoint.name);
      if (!found.has(name)) found.set(name, { ...endpoint, name });
    }
  return [...found.values()];
}

/** How each pool is, by the name of its group; those for calls that no group is for stand in parentheses. */
function poolStates({ pools }: Running): MetricsFacts['pools'] {
  const all = [...pools.groups, ['(openai)', pools.openai] as const, ['(anthropic)', pools.anthropic] as const];
  return all.flatMap(([name, pool]) => (pool ? [[name, pool.client.balancer.snapshot()] as const] : []));
}

/** Keys of a service: as many as it has endpoints that differ in theirs. */
function service({ endpoints }: GatewaySettings, isAnthropic: boolean) {
  const own = endpoints.filter(({ type }) => (type === 'anthropic') === isAnthropic);
  const keys = new Set(own.map(({ options }) => ('apiKey' in options ? String(options.apiKey) : options.name)));
  return { keys_count: keys.size, endpoints: [...new Set(own.map(({ baseURL }) => baseURL))] };
}

const takesCalls = ({ excluded }: EndpointSnapshot) => excluded === null;

function root({ running, closing }: StatusFacts): StatusPage {
  const { settings } = running;
  return {
    status: 200,
    body: {
      message: 'load-balanced-openai gateway',
      status: closing ? 'stopping' : 'running',
      load_balancer: {
        openai_keys: service(settings, false).keys_count,
        anthropic_keys: service(settings, true).keys_count,
      },
      links: { dashboard: '/dashboard', models: '/v1/models', health: '/health', stats: '/stats', metrics: '/metrics' },
    },
  };
}

function health(facts: StatusFacts): StatusPage {
  const states = endpointStates(facts.running);
  const taking = states.filter(takesCalls).length;
  const ready = taking > 0 && !facts.closing;
  const { settings } = facts.running;
  return {
    status: ready ? 200 : 503,
    body: {
      status: ready ? 'healthy' : facts.closing ? 'stopping' : 'unhealthy',
      timestamp: facts.now / 1_000,
      endpoints: { total: states.length, eligible: taking },
      load_balancer: {
        openai_keys_configured: service(settings, false).keys_count,
        anthropic_keys_configured: service(settings, true).keys_count,
      },
    },
  };
}

function stats({ running, figures, now, since, store }: StatusFacts): StatusPage {
  const { settings } = running;
  return {
    status: 200,
    body: {
      load_balancer_stats: { openai: service(settings, false), anthropic: service(settings, true) },
      uptime_seconds: Math.round((now - since) / 1_000),
      calls: { ...figures.outcome, running: figures.running, ...figures.moves },
      groups: settings.groups.map(({ name, members }) => ({
        name,
        endpoints: members.map(({ endpoint }) => endpoint),
      })),
      endpoints: endpointStates(running),
      store,
    },
  };
}

const PAGES: Readonly<Record<string, (facts: StatusFacts) => StatusPage>> = {
  '/': root,
  '/health': health,
  '/health/live': () => ({ status: 200, body: { status: 'live' } }),
  '/health/ready': (facts) => {
    const { status, body } = health(facts);
    return { status, body: { status: status === 200 ? 'ready' : (body as { status: string }).status } };
  },
  '/stats': stats,
  '/metrics': (facts) => ({
    status: 200,
    body: metricsText({
      figures: facts.figures,
      endpoints: endpointStates(facts.running),
      pools: poolStates(facts.running),
      store: facts.store,
    }),
  }),
};

/** The page of a path; `undefined` when there is none. */
export function statusPage(path: string, facts: StatusFacts): StatusPage | undefined {
  return Object.hasOwn(PAGES, path) ? PAGES[path]?.(facts) : undefined;
}

/** Pages that tell more than that the gateway is there: not for everybody where strangers come by. */
export const telling: ReadonlySet<string> = new Set(['/stats', '/metrics']);
