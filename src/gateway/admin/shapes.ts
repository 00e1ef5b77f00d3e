/** The shapes of replies: what the OpenAPI file says, and what a test holds every reply to. */
import { z } from 'zod';
import type { Decision } from '../../call/decision.ts';
import type { AttemptReport } from '../../call/outcome.ts';
import type { EndpointSnapshot } from '../../sdk/snapshot.ts';

const time = z.number().nullable();
const quantiles = z.strictObject({ p50: time, p95: time });
const breaker = z.enum(['closed', 'open', 'half-open']);
const window = z.strictObject({ limit: z.number(), left: z.number(), fullInMs: z.number() }).nullable();

/** Who says so. */
export const source = z.enum(['file', 'store', 'environment']);

const stateFields = {
  name: z.string(),
  type: z.string(),
  baseURL: z.string(),
  weight: z.number(),
  priority: z.number(),
  tags: z.array(z.string()),
  breaker,
  models: z.array(z.strictObject({ model: z.string(), breaker })),
  inFlight: z.number(),
  inFlightElsewhere: z.number().exactOptional(),
  attempts: z.number(),
  successes: z.number(),
  failures: z.number(),
  excluded: z.string().nullable(),
  cooldowns: z.array(z.strictObject({ model: z.string().nullable(), reason: z.string(), msLeft: z.number() })),
  latency: z.strictObject({ p50: time, p95: time, timeToFirstToken: quantiles }),
  headroom: z.array(z.strictObject({ model: z.string(), left: z.number(), requests: window, tokens: window })),
  drained: z.boolean(),
};

/** The live state of an endpoint. */
export const endpointState: z.ZodType<EndpointSnapshot> = z.strictObject(stateFields);
/** The same with who says that it is there. */
export const liveEndpoint = z.strictObject({ ...stateFields, source });

/** An endpoint: its options as in a file, without its keys. */
export const endpointView = z
  .looseObject({
    name: z.string(),
    source,
    type: z.enum(['openai', 'azure', 'anthropic']),
    baseURL: z.string(),
    key: z.strictObject({
      from: z.string().describe('Where it comes from.'),
      hint: z.string().optional().describe('Its last 4 characters, of one long enough.'),
    }),
    skipped: z.string().optional().describe('Why it takes no part: it has no key.'),
    state: endpointState.nullable().describe('null = it takes no part.'),
  })
  .describe('Further fields are its options. Values of headers and query parameters are not shown.');

/** A group: its options as in a file. */
export const groupView = z
  .looseObject({
    name: z.string(),
    source,
    strategy: z.union([z.string(), z.strictObject({ priority: z.string() })]),
    endpoints: z.array(
      z.strictObject({
        endpoint: z.string(),
        model: z.string(),
        weight: z.number().optional(),
        priority: z.number().optional(),
      }),
    ),
    fallback: z.array(z.string()),
  })
  .describe('Further fields are options of its own.');

/** What is to be known besides. */
export const warnings = z.array(z.string());

/** A client key without the key. */
export const keyView = z.strictObject({
  id: z.string(),
  name: z.string(),
  source,
  groups: z.array(z.string()).nullable().describe('null = all.'),
  limits: z.strictObject({
    requestsPerMinute: z.number().optional(),
    tokensPerMinute: z.number().optional(),
    budget: z.strictObject({ amount: z.number(), per: z.enum(['day', 'month']) }).optional(),
  }),
  expiresAt: z.string().nullable(),
  createdAt: z.string().nullable(),
  usage: z.strictObject({ calls: z.number(), tokensIn: z.number(), tokensOut: z.number(), cost: z.number() }),
});

/** One attempt of a call. */
export const attempt: z.ZodType<AttemptReport> = z.looseObject({
  endpoint: z.string(),
  model: z.string().optional(),
  verdict: z.string(),
  status: z.number().optional(),
  ms: z.number(),
  billed: z.enum(['yes', 'no', 'maybe']),
}) as unknown as z.ZodType<AttemptReport>;

/** One choice or wait of a call. */
export const decision: z.ZodType<Decision> = z.looseObject({
  ms: z.number(),
  eligible: z.array(z.string()),
  more: z.number().optional().describe('How many more stood to choose.'),
  figures: z
    .array(z.looseObject({ endpoint: z.string(), weight: z.number(), priority: z.number(), inFlight: z.number() }))
    .optional()
    .describe('What they were judged by.'),
  basis: z.looseObject({}).optional().describe('What the strategy went by besides.'),
  excluded: z.array(z.looseObject({ endpoint: z.string(), reason: z.string() })),
  picked: z.string().optional(),
  waitMs: z.number().optional(),
  reason: z.string().optional(),
  model: z.string().optional(),
  budget: z.number().optional().describe('Extra attempts that the retry budget had left.'),
}) as unknown as z.ZodType<Decision>;

/** A call of the log. */
export const callRecord = z.looseObject({
  id: z.string(),
  at: z.number().describe('In ms since 1970.'),
  ms: z.number(),
  firstMs: z.number().optional(),
  method: z.string(),
  path: z.string(),
  model: z.string().optional(),
  key: z.string().optional(),
  status: z.number(),
  code: z.string().optional(),
  stream: z.boolean(),
  endpoint: z.string().optional(),
  tokens: z.strictObject({ input: z.number(), output: z.number(), cached: z.number() }).optional(),
  estimated: z.boolean(),
  test: z.literal(true).optional().describe('A test call of the admin API; in no sum of usage.'),
  cost: z.number().optional(),
  attempts: z.array(attempt),
  decisions: z.array(decision),
  body: z.string().optional(),
});

/** A sum of what was used. */
export const usageRow = z.strictObject({
  day: z.string().optional(),
  key: z.string().optional(),
  model: z.string().optional(),
  endpoint: z.string().optional(),
  calls: z.number(),
  failed: z.number().describe("By the gateway's or an endpoint's fault."),
  callerErrors: z.number().describe("Failed by the caller's own, or left by it."),
  tokensIn: z.number(),
  tokensOut: z.number(),
  cachedIn: z.number(),
  cost: z.number(),
});

/** One second of the live figures. */
export const second = z.strictObject({
  t: z.number().describe('In s since 1970.'),
  calls: z.number(),
  failed: z.number().describe("By the gateway's or an endpoint's fault."),
  callerErrors: z.number().describe("Failed by the caller's own: a wrong key, an unknown model, its limit."),
  ttft: quantiles,
  ms: quantiles,
  byEndpoint: z.record(z.string(), z.number()),
});

/** How the store is. */
export const storeState = z.union([
  z.strictObject({ is: z.literal('well') }),
  z.strictObject({ is: z.literal('degraded'), reason: z.string(), lost: z.number() }),
]);

/** Every error. */
export const errorShape = z.strictObject({
  error: z.strictObject({
    message: z.string(),
    code: z.string(),
    issues: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
  }),
});
