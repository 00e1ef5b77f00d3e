/** `load-balanced-openai/otel`: the pool's calls as OpenTelemetry's spans and metrics. No logic. */

export { type OpenTelemetryObserver, openTelemetry } from './open-telemetry.ts';
export type { OpenTelemetryOptions, Propagate } from './options.ts';
export { withinIncoming } from './within-incoming.ts';
