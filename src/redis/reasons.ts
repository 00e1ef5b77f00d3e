/** What Redis refuses, in words that say what to do; shown in the event `store-degraded`. */

/** Redis' word for it, and ours. */
const REASONS: readonly (readonly [word: string, says: string])[] = [
  [
    'NOPERM',
    'its user may not do that: grant +get +set +incrby +pttl +pexpire +eval +evalsha +publish +subscribe, the keys ~* and channels &* under the prefix',
  ],
  ["can't run this command", 'its user may not do that in a script: grant +incrby +pttl +pexpire'],
  ['NOAUTH', 'it wants a password: give the client one'],
  ['WRONGPASS', "it refuses the client's password"],
  [
    'READONLY',
    "this is a replica, which takes no writes: connect the client to the primary, by sentinels or by the cluster's client",
  ],
  ['OOM', 'its memory is full and it evicts nothing: raise maxmemory, or set maxmemory-policy to volatile-ttl'],
  ['MISCONF', 'it takes no writes because it cannot save to disk'],
  ['LOADING', 'it is still loading its data'],
  ['MASTERDOWN', 'this replica has lost its primary'],
  ['CLUSTERDOWN', 'its cluster is down'],
  ['CROSSSLOT', 'this is a cluster: give a client for clusters'],
  ['MOVED', 'this is a cluster: give a client for clusters'],
  ['WRONGTYPE', 'another program uses the same key: set a prefix'],
  ['not an integer', 'another program uses the same key: set a prefix'],
];

/** What the clients say when their connection breaks. */
const BROKEN = /\bECONN|\bEPIPE\b|socket closed|connection is closed|stream isn't writeable|client is closed/i;

/** An error of Redis or of its client, with our words before its own. */
export function reasonOf(error: unknown): Error {
  const own = error instanceof Error ? error.message : String(error);
  const known = REASONS.find(([word]) => own.includes(word));
  if (known) {
    const [word, says] = known;
    return new Error(/^[A-Z]+$/.test(word) ? `Redis says ${word}: ${says}` : `Redis: ${says}`, { cause: error });
  }
  if (BROKEN.test(own)) return new Error(`the connection to Redis broke (${own})`, { cause: error });
  return error instanceof Error ? error : new Error(own);
}
