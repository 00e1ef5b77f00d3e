/**
 * The names of OpenTelemetry's conventions that are used here, and the library's own under one prefix. Why written out: those of
 * generative AI are still in development, and the constants of `@opentelemetry/semantic-conventions` for them are deprecated.
 */

/** Attributes by the conventions. */
export const semantic = {
  operation: 'gen_ai.operation.name',
  vendor: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  responseModel: 'gen_ai.response.model',
  stream: 'gen_ai.request.stream',
  timeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cachedTokens: 'gen_ai.usage.cache_read.input_tokens',
  tokenType: 'gen_ai.token.type',
  address: 'server.address',
  port: 'server.port',
  status: 'http.response.status_code',
  errorType: 'error.type',
} as const;

/** Attributes of our own. */
export const own = {
  pool: 'load_balancer.pool',
  call: 'load_balancer.call',
  endpoint: 'load_balancer.endpoint',
  attempt: 'load_balancer.attempt',
  attempts: 'load_balancer.attempts',
  beside: 'load_balancer.beside',
  verdict: 'load_balancer.verdict',
  billed: 'load_balancer.billed',
  failovers: 'load_balancer.failovers',
  from: 'load_balancer.failover.from',
  reason: 'load_balancer.reason',
  waits: 'load_balancer.waits',
  waited: 'load_balancer.waited_ms',
  ms: 'load_balancer.ms',
  budget: 'load_balancer.budget',
  excluded: 'load_balancer.excluded',
  eligible: 'load_balancer.eligible',
  model: 'load_balancer.model',
  state: 'load_balancer.state',
} as const;

/** Names of the metrics. */
export const metricNames = {
  duration: 'gen_ai.client.operation.duration',
  timeToFirstChunk: 'gen_ai.client.operation.time_to_first_chunk',
  tokens: 'gen_ai.client.token.usage',
  attempts: 'load_balancer.attempts',
  failovers: 'load_balancer.failovers',
  waits: 'load_balancer.waits',
  ejections: 'load_balancer.ejections',
  cooldowns: 'load_balancer.cooldowns',
  refusals: 'load_balancer.budget_exhausted',
  breaker: 'load_balancer.endpoint.breaker',
  inFlight: 'load_balancer.endpoint.in_flight',
  cooldown: 'load_balancer.endpoint.cooldown',
  headroom: 'load_balancer.endpoint.headroom',
  waiting: 'load_balancer.waiting',
  budget: 'load_balancer.retry_budget',
} as const;

/** What takes the place of a value beyond those that are told apart. */
export const OTHER = '_other';

const OPERATIONS: Readonly<Record<string, string>> = {
  responses: 'chat',
  messages: 'chat',
  completions: 'text_completion',
};

/** The name of an operation by the conventions where they have one, else the library's. */
export const operationName = (operation: string): string => OPERATIONS[operation] ?? operation;
