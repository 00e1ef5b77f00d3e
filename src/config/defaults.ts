/** Every default of the options, each with its reason. Times in ms. */

/** What applies where an option is left out. */
export const defaults = {
  /** Spreads quota evenly and needs nothing to be measured first. */
  strategy: 'round-robin',
  /** Moving to another endpoint is what the pool is for; `false` is one endpoint per call. */
  failover: true,
  /** Learned limits: a fixed number either cuts long reasoning or lets a dead stream hang. */
  attemptTimeout: 'auto',
  /** Node's own limit between two pieces of a body, so no stream that Node keeps alive is cut. */
  streamIdleTimeout: 300_000,
  rescue: {
    /** Longer than a usual whole answer; an earlier second attempt would only double the bill. */
    after: 20_000,
    /** Three times the slowest one in a hundred: rare by construction, yet far below the 10 min of the SDK's timeout. */
    factor: 3,
  },
  /** What `hedge: {}` means; without it nothing is hedged, since each hedge may be billed. */
  hedge: {
    /** One call in ten at most: the tail of healthy endpoints is half of that, the rest is there for a sick one. */
    budget: 0.1,
    /** The slowest in twenty: later the answer would hardly come sooner, earlier the budget goes to calls that are not slow. */
    quantile: 0.95,
    /** Of what is quicker the way there and back is the larger part: nothing to be won by a second one. */
    minDelay: 50,
  },
  breaker: {
    /** opossum's own: half of the traffic failing is worse than one endpoint less. */
    errorThresholdPercentage: 50,
    /** 5 s and not opossum's 30 s, because the open time doubles with each ejection in a row. */
    resetTimeout: 5_000,
    /** As Finagle and most backoffs grow: seven ejections from 5 s to 5 min. */
    resetTimeoutFactor: 2,
    /** Five minutes, as Finagle and Envoy cap theirs: an endpoint that is back is found again within that time. */
    maxResetTimeout: 300_000,
    /** Enough that many processes do not probe in step. */
    resetTimeoutJitter: 0.1,
    /** A percentage of fewer calls is noise: one failure of one call would be 100 %. */
    volumeThreshold: 10,
    /** Long enough to see `volumeThreshold` calls on a quiet endpoint, short enough to forget a restart. */
    rollingCountTimeout: 30_000,
    /** opossum's own: steps of 3 s at the default window. */
    rollingCountBuckets: 10,
    /** Takes a dead endpoint out long before a percentage of a busy window would; 5 is what peers use. */
    consecutiveFailures: 5,
    /** One that still answers some calls is worth more than the load it would leave to the last of the others. */
    maxEjectedPercentage: 50,
  },
  slowStart: {
    /** What just came back has cold caches; a tenth shows whether it bears more. */
    initialPercentage: 10,
    /** Long enough for caches and autoscalers, short against the time it was out. */
    duration: 10_000,
    /** So that time alone does not raise the share of an endpoint that nobody tried. */
    successes: 20,
  },
  retryBudget: {
    /** Paid extra attempts add at most a fifth to the load while endpoints struggle. */
    ratio: 0.2,
    /** A quiet pool may still retry. */
    minPerSecond: 10,
  },
  affinity: {
    /** A conversation that moves pays its whole prompt again, in money and in time; round robin alone would move every turn. */
    cache: 'auto',
    /** Far longer than a store in the same network takes, and not more than a call can lose unnoticed. */
    storeTimeout: 50,
  },
  lists: {
    /** Most of a list, said to be so, is worth more than none because one endpoint is down. */
    strict: false,
  },
  /** A `$` may stand in a model's name, and whoever lets users name models must not let them choose endpoints by it. */
  pinnedModels: false,
  waitingRoom: {
    /** Bounds memory: a waiting call keeps its body. */
    maxWaiting: 10_000,
    /** The longest wait the SDK itself honours from `retry-after`. */
    maxWait: 60_000,
  },
  panic: {
    /** The usual k of adaptive throttling: up to half of the calls may fail before any is refused. */
    k: 2,
  },
  /** Above every reply the API sends today; below what makes a string too long for the engine. Bytes. */
  maxResponseBytes: 256 * 1024 * 1024,
  /** What tools that look into the global fetch expect; the fast one needs a package of its own. */
  transport: 'standard',
  /** A client built per request must profit from what the one before it learned. */
  shareState: true,
  /** Equal shares. */
  weight: 1,
} as const;
