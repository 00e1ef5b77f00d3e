// What all parts found, put together: the goals, the README's part, and all tables in a file of their own.
import { round } from './cells.ts';
import { isGateways, type Judged, judge, withUnit } from './goals.ts';
import { markdown, type Written } from './markdown.ts';
import type { Outcome, Table } from './outcome.ts';

const findingsOf = (outcomes: readonly Outcome[]) => outcomes.flatMap(({ findings = [] }) => findings);

function measured({ goal, found, noisy }: Judged): string {
  const { value, spread } = found;
  const sure = spread && spread.of >= 7 ? ` (${round(spread.low)} to ${round(spread.high)})` : '';
  return `${withUnit(value, goal)}${sure}${noisy ? ', too noisy' : ''}`;
}

const TITLES: Readonly<Record<Written, string>> = {
  client: 'Against the plain SDK',
  gateway: 'The gateway beside others',
};

/** Goal by goal. */
export function goalTable(outcomes: readonly Outcome[], of: Written = 'client'): Table {
  const ofThese = judge(findingsOf(outcomes)).filter(({ goal }) => isGateways(goal) === (of === 'gateway'));
  return {
    title: TITLES[of],
    head: ['', 'measured', 'aim', 'met'],
    rows: ofThese.map((judged) => {
      const { goal, met } = judged;
      return [
        goal.says,
        measured(judged),
        `${goal.least ? '≥' : '≤'} ${withUnit(goal.limit, goal)}`,
        met ? 'yes' : 'no',
      ];
    }),
    notes: ['In brackets the 95 % interval of the median, by the sign test.'],
  };
}

/** The tables of goals that something was found for. */
export function goalTables(outcomes: readonly Outcome[]): Table[] {
  const both = (Object.keys(TITLES) as Written[]).map((of) => goalTable(outcomes, of));
  return both.filter(({ rows }) => rows.length > 0);
}

/** What is so far from its goal that a check fails, in words. */
export function problems(outcomes: readonly Outcome[]): string[] {
  return judge(findingsOf(outcomes))
    .filter(({ far }) => far)
    .map((judged) => `${judged.goal.says}: ${measured(judged)}, far from ${withUnit(judged.goal.limit, judged.goal)}`);
}

/** Whether the machine did too much else, where that matters. */
export const restless = (outcomes: readonly Outcome[]): boolean =>
  judge(findingsOf(outcomes)).some(({ noisy }) => noisy);

const isOfGateways = ({ title }: Table) => title.startsWith('Gateways, ');

/** What stands in the README, between its marks. */
export function forReadme(outcomes: readonly Outcome[], machine: string, of: Written = 'client'): string {
  const tables = outcomes
    .flatMap((outcome) => outcome.tables)
    .filter((each) => isOfGateways(each) === (of === 'gateway'));
  const shown = tables.filter(
    ({ title }) => title.includes('CPU') || (of === 'gateway' && title.includes('plain calls')),
  );
  return [
    ...(of === 'client' ? ['![CPU per call and per stream beside the plain SDK](examples/performance.svg)', ''] : []),
    `Measured with ${machine}.`,
    '',
    markdown(goalTable(outcomes, of)),
    ...shown.map((table) => markdown(table)),
  ].join('\n');
}

const HEAD = `# What the bench measured

Written by \`npm run bench -- --write\`. Ratios are to the plain \`openai\` SDK of the same round, as least / **median** / most
of the rounds; CPU is that of the client's process. Figures of gateways are such three as well. Only ratios can be compared between machines.
`;

/** All tables. */
export function results(outcomes: readonly Outcome[], machine: string): string {
  const tables = [...goalTables(outcomes), ...outcomes.flatMap((outcome) => outcome.tables)];
  return `${HEAD}\n${machine}\n\n${tables.map(markdown).join('\n')}`;
}
