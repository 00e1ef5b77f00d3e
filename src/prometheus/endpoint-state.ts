/** How endpoints are, as their snapshot says at the moment of a scrape. A client and a gateway show these alike. */
import type { EndpointSnapshot } from '../index.ts';
import { type Family, type Filled, type Labels, merged, type Row } from './family.ts';

const BREAKER_STATES = ['closed', 'open', 'half-open'] as const;

type Part = readonly [labels: Labels, value: number];

/** What names are called in labels. */
export interface EndpointLabels {
  endpoint(name: string): string;
  /** @param name an endpoint's own name of a model; callers may have made it up. */
  model(name: string): string;
}

interface EndpointFamily extends Family {
  readonly of: (endpoint: EndpointSnapshot, label: EndpointLabels) => number | readonly Part[];
}

const flag = (is: boolean) => (is ? 1 : 0);

function headroomOf({ headroom }: EndpointSnapshot, label: EndpointLabels): Part[] {
  return headroom.map(({ model, left }) => [{ model: label.model(model) }, left]);
}

const FAMILIES: readonly EndpointFamily[] = [
  {
    name: 'endpoint_in_flight',
    kind: 'gauge',
    help: 'Attempts under way, over all clients of the process.',
    of: ({ inFlight }) => inFlight,
  },
  {
    name: 'endpoint_eligible',
    kind: 'gauge',
    help: 'Whether it takes calls.',
    merge: 'min',
    of: ({ excluded }) => flag(excluded === null),
  },
  {
    name: 'endpoint_ejected',
    kind: 'gauge',
    help: 'Whether its breaker keeps calls away, from its opening until a probe has succeeded.',
    merge: 'max',
    of: ({ breaker }) => flag(breaker !== 'closed'),
  },
  {
    name: 'endpoint_breaker_state',
    kind: 'gauge',
    help: 'The state of its breaker: 1 for the one it is in.',
    merge: 'max',
    of: ({ breaker }) => BREAKER_STATES.map((state) => [{ state }, flag(breaker === state)] as const),
  },
  {
    name: 'endpoint_ejected_models',
    kind: 'gauge',
    help: 'Models there whose own breaker is not closed.',
    merge: 'max',
    of: ({ models }) => models.length,
  },
  {
    name: 'endpoint_drained',
    kind: 'gauge',
    help: 'Whether it was taken out of the pool.',
    merge: 'max',
    of: ({ drained }) => flag(drained),
  },
  {
    name: 'endpoint_cooldown_seconds',
    kind: 'gauge',
    help: 'What is left of its longest cooldown, of the endpoint or of one of its models.',
    unit: 'seconds',
    merge: 'max',
    of: ({ cooldowns }) => Math.max(0, ...cooldowns.map(({ msLeft }) => msLeft)) / 1_000,
  },
  {
    name: 'endpoint_headroom_ratio',
    kind: 'gauge',
    help: 'What is left of its rate limits, 0 to 1, by its own name of the model; only where they are known.',
    unit: 'ratio',
    merge: 'min',
    of: headroomOf,
  },
  {
    name: 'endpoint_successes_total',
    kind: 'counter',
    help: 'Attempts that succeeded, over all clients of the process.',
    of: ({ successes }) => successes,
  },
  {
    name: 'endpoint_failures_total',
    kind: 'counter',
    help: 'Attempts that count against it, over all clients of the process.',
    of: ({ failures }) => failures,
  },
];

/** The state of endpoints. */
export function endpointPage(endpoints: readonly EndpointSnapshot[], label: EndpointLabels): Filled[] {
  return FAMILIES.map((family) => {
    const rows = endpoints.flatMap((each): Row[] => {
      const endpoint = label.endpoint(each.name);
      const value = family.of(each, label);
      if (typeof value === 'number') return [{ labels: { endpoint }, value }];
      return value.map(([more, part]) => ({ labels: { endpoint, ...more }, value: part }));
    });
    return { family, rows: merged(family, rows) };
  });
}
