// The rule above all: with default options no fault leaves the caller worse off than plain `new OpenAI()` pointed at the
// endpoint that has it. Each fault is played to the plain client and to three pools: that endpoint alone, two alike, one beside
// a healthy one. Where a difference is right, `never-worse/rows.ts` says why; nothing else may differ.
import { isDeepStrictEqual } from 'node:util';
import { OpenAIError } from 'openai';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { FULL, many } from '../support/calls.ts';
import { CALLS, type Kind } from './never-worse/calls.ts';
import { PARTIES, type Party, type Played, play } from './never-worse/play.ts';
import { ROWS, type Row } from './never-worse/rows.ts';

const KINDS: readonly Kind[] = FULL
  ? (Object.keys(CALLS) as Kind[]).filter((kind) => kind !== 'files')
  : ['chat', 'chat stream'];
const TIMES = [1, 2, Number.POSITIVE_INFINITY];
/** What a plain client with two retries waits between its attempts, without jitter: also ours may take that long. */
const WAITS = 1_500;
const SLACK = 50;
/** Cases at a time, most of which wait. Those that only time ends come last, when nothing else takes the processor. */
const AT_ONCE = 64;

interface Case {
  readonly row: Row;
  readonly kind: Kind;
  readonly times: number;
}

const casesOf = (row: Row): Case[] =>
  (row.kinds ?? KINDS).flatMap((kind) => (row.times ?? TIMES).map((times) => ({ row, kind, times })));

async function playAll({ row, kind, times }: Case): Promise<Record<Party, Played>> {
  const played = PARTIES.map(async (party) => [party, await play({ ...row, kind, times }, party)] as const);
  return Object.fromEntries(await Promise.all(played)) as Record<Party, Played>;
}

const isTyped = (error: unknown) => error instanceof OpenAIError;
const described = (result: Played) =>
  result.is === 'error'
    ? `${(result.error as Error).constructor.name} ${(result.error as { status?: number }).status ?? ''}`.trim()
    : result.is;

/** What is wrong with what ours did, compared with the plain client; nothing if it is no worse. */
function worse({ row, kind, times }: Case, party: Party, plain: Played, ours: Played): string[] {
  const who = `${kind} ×${times}, ${party}: plain ${described(plain)} in ${Math.round(plain.ms)} ms, ours ${described(ours)} in ${Math.round(ours.ms)} ms`;
  const wrong = (...problems: [is: boolean, what: string][]) =>
    problems.flatMap(([is, what]) => (is ? [`${what} (${who})`] : []));
  const alike = plain.is === ours.is && ours.is === 'nonsense' && isDeepStrictEqual(oddValue(plain), oddValue(ours));
  const mayLose = row.loses?.slice(1).includes(party);
  const odd = plain.is === 'nonsense' || plain.is === 'hangs' || (plain.is === 'error' && !isTyped(plain.error));
  const [extra] = row.longer ?? [0];
  return wrong(
    [ours.is === 'nonsense' && !(alike && row.same), 'handed on what is no whole answer'],
    [ours.is === 'error' && !isTyped(ours.error), 'threw an error that is none of the SDK’s'],
    [plain.is === 'answer' && ours.is !== 'answer' && !mayLose, 'lost a call that the plain client keeps'],
    [ours.is === 'hangs' && plain.is !== 'hangs', 'hung'],
    [odd && ours.is !== plain.is && !row.differs, 'differed without a reason'],
    [
      party === 'alone' &&
        plain.is === 'error' &&
        isTyped(plain.error) &&
        ours.is === 'error' &&
        !row.error &&
        described(plain) !== described(ours),
      'threw another error',
    ],
    [ours.ms - ours.lag > Math.max(plain.ms, WAITS) + extra + SLACK, 'took longer'],
    [ours.requests[0] === 0 && row.fault !== 'down' && !row.server, 'never met the fault'],
  );
}

function oddValue(result: Played): unknown {
  return result.is === 'answer' || result.is === 'nonsense' ? result.got.value : undefined;
}

describe('never worse than the plain SDK', () => {
  const results = new Map<
    Row,
    { readonly each: Case; readonly played: PromiseSettledResult<Record<Party, Played>> }[]
  >();

  async function playThem(cases: readonly Case[]): Promise<void> {
    const played = await many(cases.length, AT_ONCE, (index) => playAll(cases[index]!));
    for (const [index, each] of cases.entries())
      results.set(each.row, [...(results.get(each.row) ?? []), { each, played: played[index]! }]);
  }

  beforeAll(async () => {
    // No jitter on either side: waits can be compared.
    vi.spyOn(Math, 'random').mockReturnValue(0);
    await playThem(ROWS.filter(({ timeout }) => timeout === undefined).flatMap(casesOf));
    await playThem(ROWS.filter(({ timeout }) => timeout !== undefined).flatMap(casesOf));
    vi.restoreAllMocks();
  }, 180_000);

  it.each(ROWS.map((row) => [`row ${row.row}: ${row.what}`, row] as const))('%s', (_, row) => {
    const problems = results.get(row)!.flatMap(({ each, played }) => {
      if (played.status === 'rejected') throw played.reason;
      const { plain, ...pools } = played.value;
      return Object.entries(pools).flatMap(([party, ours]) => worse(each, party as Party, plain, ours));
    });
    expect(problems).toEqual([]);
  });
});
