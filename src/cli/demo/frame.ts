/**
 * One picture of the race as lines: both runs, the pool's endpoints, the script of faults, the latest news. Pure.
 */
import type { EndpointSnapshot } from '../../index.ts';
import { progressBar, shareBar, timeLine, timeMark, timeScale } from './bars.ts';
import { cell, type Line, type Piece, piece } from './paint.ts';
import type { Race } from './race.ts';
import type { Side } from './side.ts';

/** Wider tables are no easier to read. */
const WIDEST = 96;
const NEWS = 3;
const INDENT = '  ';

function head({ total, concurrency }: Race, width: number): Line {
  const [title, what] = ['load-balanced-openai', `${total} calls, ${concurrency} at a time, twice, side by side`];
  const gap = ' '.repeat(Math.max(2, width - INDENT.length - title.length - what.length));
  return [INDENT, piece(title, 'bold'), piece(gap + what, 'dim')];
}

function progress({ name, tally }: Side, total: number, label: number, width: number): Line {
  const { done, lost } = tally;
  const numbers = `  ${`${done}/${total}`.padStart(7)}`;
  const losses = `${String(lost).padStart(5)} lost`;
  const bar = Math.max(5, width - INDENT.length - label - numbers.length - losses.length);
  return [
    ...[INDENT, piece(name.padEnd(label), 'bold')],
    ...progressBar({ done, lost, total }, bar),
    numbers,
    piece(losses, lost === 0 ? 'green' : ['red', 'bold']),
  ];
}

const SIGNS: Readonly<Record<EndpointSnapshot['breaker'], Piece>> = {
  closed: piece('● closed   ', 'green'),
  'half-open': piece('◐ half-open', 'yellow'),
  open: piece('○ open     ', 'red'),
};

/** Why an endpoint gets no calls, or fewer, in a few words. */
function reasonOf({ excluded, models, cooldowns, name }: EndpointSnapshot, killed: string | undefined): string {
  if (name === killed) return 'killed';
  if (excluded !== null) return excluded;
  const [cooldown] = [...cooldowns].sort((a, b) => b.msLeft - a.msLeft);
  if (cooldown) return `${cooldown.reason}, ${(cooldown.msLeft / 1_000).toFixed(1)} s to go`;
  const sick = models.filter(({ breaker }) => breaker !== 'closed').map(({ model }) => model);
  return sick.length > 0 ? `not for ${sick.join(', ')}` : '';
}

function endpoints(race: Race, label: number, width: number): Line[] {
  const all = race.pooled.snapshot()?.endpoints ?? [];
  const served = all.reduce((sum, { successes }) => sum + successes, 0);
  const bar = 12;
  const room = Math.max(0, width - INDENT.length - label - bar - 31);
  const heading = `${INDENT}${'endpoint'.padEnd(label)}${'share of answers'.padEnd(bar + 7)}in flight  breaker     left out for`;
  const rows = all.map((endpoint): Line => {
    const share = served === 0 ? 0 : endpoint.successes / served;
    return [
      ...[INDENT, cell(endpoint.name, label - 1), ' '],
      ...shareBar(share, bar),
      `${Math.round(share * 100)} %`.padStart(6),
      `${endpoint.inFlight}`.padStart(8),
      '    ',
      SIGNS[endpoint.breaker],
      ' ',
      piece(cell(reasonOf(endpoint, race.killed()), room), 'yellow'),
    ];
  });
  return [[piece(heading, 'dim')], ...rows];
}

function script(race: Race, label: number, width: number): Line[] {
  const room = width - INDENT.length - label;
  const now = race.elapsed();
  const names = race.pooled.snapshot()?.endpoints.map(({ name }) => name) ?? [];
  return [
    [INDENT, piece('faults'.padEnd(label), 'dim'), ...timeScale(room)],
    ...names.map((name): Line => [INDENT, cell(name, label - 1), ' ', ...timeLine(name, now, room)]),
    [INDENT, ' '.repeat(label), ...timeMark(now, race.weather(), room)],
  ];
}

function news(race: Race, label: number): Line[] {
  const latest = race.news.slice(-NEWS);
  const lines = latest.map(({ at, what }, index): Line => {
    const when = `${(at / 1_000).toFixed(1)} s`.padStart(6);
    return [INDENT, piece((index === 0 ? 'events' : '').padEnd(label), 'dim'), piece(`${when}  `, 'dim'), what];
  });
  while (lines.length < NEWS) lines.push([]);
  return lines;
}

function keys(race: Race): Line {
  const killed = race.killed();
  const kill = killed === undefined ? `kill ${race.plain.on}` : `${killed} is dead`;
  return [INDENT, piece('k', 'bold'), piece(` ${kill}    `, 'dim'), piece('q', 'bold'), piece(' quit', 'dim')];
}

/** The picture now. @param columns of the terminal @param interactive whether keys are heard */
export function frame(race: Race, columns: number, interactive: boolean): Line[] {
  const width = Math.min(columns - 1, WIDEST);
  const name = race.pooled.name.length + 2;
  const label = 12;
  return [
    [],
    head(race, width),
    [],
    progress(race.plain, race.total, name, width),
    progress(race.pooled, race.total, name, width),
    [],
    ...endpoints(race, label, width),
    [],
    ...script(race, label, width),
    [],
    ...news(race, label),
    ...(interactive ? [[], keys(race)] : []),
  ];
}
