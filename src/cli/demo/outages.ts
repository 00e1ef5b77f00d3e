/**
 * The script of the demo: what is broken when, the same for both runs. Times in ms since the first call.
 * Why this order: each endpoint is well again, and its ejection over, before the next but one breaks, so that at every moment
 * somebody can serve, also after `k` has killed openai. Azure, where uploads are at home, comes last: a 429 says that nothing
 * was done, so an upload may move on; after a 500 or a cut connection nobody could know.
 */

/** What a request meets at a broken endpoint. */
export type Fault =
  | { readonly is: 'status'; readonly status: number; readonly retryAfter?: number }
  /** The connection is reset, new ones too. */
  | { readonly is: 'drop' };

/** One endpoint broken for a while. */
export interface Outage {
  readonly endpoint: string;
  readonly from: number;
  readonly to: number;
  readonly fault: Fault;
  /** In a few letters, for the time line. */
  readonly mark: string;
  /** In words. */
  readonly says: string;
}

/** Every outage in order of time; they do not overlap. */
export const outages: readonly Outage[] = [
  {
    endpoint: 'openrouter',
    from: 1_000,
    to: 3_500,
    fault: { is: 'drop' },
    mark: 'drops',
    says: 'openrouter drops connections',
  },
  {
    endpoint: 'openai',
    from: 4_000,
    to: 7_000,
    fault: { is: 'status', status: 500 },
    mark: '500',
    says: 'openai answers 500',
  },
  {
    endpoint: 'azure-eu',
    from: 7_500,
    to: 10_000,
    fault: { is: 'status', status: 429, retryAfter: 1 },
    mark: '429',
    says: 'azure-eu answers 429, retry-after 1 s',
  },
];

/** When the time line ends: some peace after the last outage. */
export const SCRIPT_MS = 12_000;

/** What is broken at this time. */
export function outageAt(ms: number): Outage | undefined {
  return outages.find(({ from, to }) => from <= ms && ms < to);
}

/** What is going on at this time, in words. @param killed an endpoint that was shut down by hand */
export function weather(ms: number, killed: string | undefined): string {
  const outage = outageAt(ms);
  const dead = killed === undefined ? undefined : `${killed} is dead`;
  if (outage) return dead === undefined ? outage.says : `${outage.says}; ${dead}`;
  return dead ?? 'all three are well';
}
