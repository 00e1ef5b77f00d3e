/** `breaker` and `slowStart` as users write them. `breaker-schema.ts` and `schema.ts` hold the same at run time. */

/** When an endpoint is taken out after failures: opossum's option names, plus `consecutiveFailures`. Times in ms. */
export interface BreakerOptions {
  /** Share of failed attempts in the window above which the endpoint is ejected, in percent. @default 50 */
  errorThresholdPercentage?: number | undefined;
  /** How long an ejection lasts before a probe is let through, in ms; grows with each ejection in a row. @default 5000 */
  resetTimeout?: number | undefined;
  /** By how much it grows with each ejection in a row, 1 or more; starts anew after one `resetTimeout` closed. @default 2 */
  resetTimeoutFactor?: number | undefined;
  /** The longest ejection, in ms, at least `resetTimeout`. @default 300000, or `resetTimeout` if that is more */
  maxResetTimeout?: number | undefined;
  /** Up to this share of each ejection is left out at random, 0 to 1, so that many processes do not probe in step. @default 0.1 */
  resetTimeoutJitter?: number | undefined;
  /** Attempts in the window below which no percentage ejects. @default 10 */
  volumeThreshold?: number | undefined;
  /** Length of the window, in ms. @default 30000 */
  rollingCountTimeout?: number | undefined;
  /** Steps in which the window moves on. @default 10 */
  rollingCountBuckets?: number | undefined;
  /** Failures in a row that eject at once, whatever the percentage. @default 5 */
  consecutiveFailures?: number | undefined;
  /** A percentage of failures ejects nobody while more than this share of the pool would be out, in percent. @default 50 */
  maxEjectedPercentage?: number | undefined;
  /** `true` = this error does not count against the endpoint. A throw counts as `false`. */
  errorFilter?: ((error: unknown) => boolean) | undefined;
  /** `false` is the same as `breaker: false`. @default true */
  enabled?: boolean | undefined;
}

/** How an endpoint that recovered or was just added comes to its full share; both bounds must be reached. */
export interface SlowStartOptions {
  /** The share it begins with, in percent of its fair share. @default 10 */
  initialPercentage?: number | undefined;
  /** Full share not before this time, in ms. @default 10000 */
  duration?: number | undefined;
  /** Full share not before so many attempts succeeded. @default 20 */
  successes?: number | undefined;
}
