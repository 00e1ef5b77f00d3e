/** `load-balanced-openai/prometheus`: what a client does, as metrics. */
export type { MetricRegistry } from './board.ts';
export type { MeteredClient } from './client-metrics.ts';
export { type PrometheusMetrics, prometheus } from './prometheus.ts';
export type { PrometheusOptions } from './read-options.ts';
