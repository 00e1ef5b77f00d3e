/** The public names of the package. No logic. */

export type { Call, Replay } from './call/call.ts';
export type { CandidateFigures, Decision, ExclusionReport, PickBasis } from './call/decision.ts';
export type { ModelMap, ModelMapValue } from './call/model-map.ts';
export type { Operation } from './call/operations.ts';
export type {
  AttemptReport,
  CooldownOrder,
  FailoverReason,
  Outcome,
  Verdict,
  VerdictName,
} from './call/outcome.ts';
export type { Hedging, Importance } from './call/steering.ts';
export { type Tokens, tokensOf } from './call/tokens.ts';
export type { Clock } from './clock.ts';
export { systemClock } from './clock.ts';
export type { BreakerOptions, SlowStartOptions } from './config/breaker-options.ts';
export type {
  AzureEndpointOptions,
  ClientEndpointOptions,
  CommonEndpointOptions,
  EndpointOptions,
  EndpointType,
  LimitOptions,
  OpenAIEndpointOptions,
} from './config/endpoint-options.ts';
export type { FallbackOptions, ModelLists } from './config/fallback-options.ts';
export type {
  AffinityOptions,
  ClassifyHook,
  HedgeOptions,
  LoadBalancedOpenAIOptions,
  PanicOptions,
  PoolOptions,
  RescueOptions,
  RetryBudgetOptions,
  WaitingRoomOptions,
} from './config/options.ts';
export type { SteeringOptions } from './config/steering-options.ts';
export type { TakeOptions } from './config/take-options.ts';
export {
  AffinityError,
  ClosedError,
  ConfigurationError,
  type EndpointRefusal,
  LoadBalancerError,
  NoEndpointAvailableError,
} from './errors.ts';
export { LoadBalancedOpenAI, LoadBalancedOpenAI as default } from './load-balanced-openai.ts';
export type { ListenerOf } from './observe/emitter.ts';
export type { BalancerEvent, BalancerEvents, EventName, Observer, SendingFacts } from './observe/events.ts';
export {
  type DecisionRecorder,
  type LineTarget,
  type RecordedAttempt,
  type RecordedCall,
  type RecordOptions,
  recordDecisions,
} from './observe/record-decisions.ts';
export { type Attempt, attemptsOf, decisionsOf, explain } from './sdk/attempts.ts';
export type { Balancer } from './sdk/balancer.ts';
export type { ObservedPool } from './sdk/observed-pool.ts';
export type { EndpointSnapshot, Quantiles, Snapshot } from './sdk/snapshot.ts';
export type { Taken } from './sdk/take.ts';
export { memoryStore } from './state/memory-store.ts';
export { type ProcessStoreOptions, processStore } from './state/process-store.ts';
export type { SharedStore } from './state/shared-store.ts';
export { headroom } from './strategy/headroom.ts';
export { leastBusy } from './strategy/least-busy.ts';
export { leastLatency } from './strategy/least-latency.ts';
export { type LeastLoadedOptions, leastLoaded } from './strategy/least-loaded.ts';
export type { Compared, LoadMetric } from './strategy/load-metrics.ts';
export type { StrategyOption } from './strategy/named.ts';
export { priority } from './strategy/priority.ts';
export { promptCache } from './strategy/prompt-cache.ts';
export { random } from './strategy/random.ts';
export { roundRobin } from './strategy/round-robin.ts';
export type {
  Candidate,
  MoreNotes,
  PickNote,
  Strategy,
  StrategyCall,
  Timing,
  TrackRecord,
} from './strategy/strategy.ts';
