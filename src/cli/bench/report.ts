/** The figures of a bench as lines for people. Pure. */
import { progressBar, shareBar } from '../demo/bars.ts';
import { cell, type Line, piece } from '../demo/paint.ts';
import type { Figures, Times } from './tally.ts';

const INDENT = '  ';
const LABEL = 14;
const COLUMN = 10;
/** Different kinds of errors shown; the rest is summed up. */
const KINDS = 8;

/** `840 µs`, `12.4 ms`, `1.25 s`: three digits that say something. */
export function shownMs(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1_000)} µs`;
  if (ms < 100) return `${ms.toFixed(1)} ms`;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}

const rateOf = (rate: number) => (rate < 100 ? rate.toFixed(1) : Math.round(rate).toLocaleString('en'));

const named = (name: string) => piece(name.padEnd(LABEL), 'dim');

function timesLine(name: string, times: Times | null): Line[] {
  if (!times) return [];
  const all = [times.p50, times.p95, times.p99, times.most].map((ms) => shownMs(ms).padStart(COLUMN));
  return [[INDENT, named(name), ...all]];
}

/** What is being done, before it begins. */
export function heading({ baseURL, model, stream, concurrency, what }: Readonly<Record<string, string>>): Line[] {
  return [
    [],
    [INDENT, piece(`${baseURL}`, 'bold')],
    [INDENT, piece(`${what}, model ${model}, ${stream}, ${concurrency} at once`, 'dim')],
    [],
  ];
}

/** How far it is. @param total calls, or `undefined` where time decides, with `share` of it over */
export function progress(
  { calls, failed, share }: { calls: number; failed: number; share: number },
  total: number | undefined,
  columns: number,
): Line {
  const numbers = `  ${total === undefined ? `${calls} calls` : `${calls}/${total}`}`;
  const losses = `  ${failed} failed`;
  const width = Math.max(5, Math.min(60, columns - INDENT.length - numbers.length - losses.length - 1));
  const lost = Math.round((calls === 0 ? 0 : failed / calls) * share * 1_000);
  return [
    INDENT,
    ...progressBar(
      { done: Math.round(share * 1_000), lost: failed === 0 ? 0 : Math.max(1, lost), total: 1_000 },
      width,
    ),
    numbers,
    piece(losses, failed === 0 ? 'green' : ['red', 'bold']),
  ];
}

function endpointLines({ endpoints, attemptsPerCall }: Figures): Line[] {
  if (endpoints.length === 0) return [];
  const served = endpoints.reduce((sum, { calls }) => sum + calls, 0);
  const width = Math.min(32, Math.max(LABEL, ...endpoints.map(({ endpoint }) => endpoint.length + 2)));
  const head = `${INDENT}${'endpoint'.padEnd(width)}${'share'.padEnd(20)}${'calls'.padStart(8)}${'p50'.padStart(COLUMN)}`;
  const rows = endpoints.map(({ endpoint, calls, p50 }): Line => {
    const share = calls / served;
    const percent = `${(share * 100).toFixed(0)} %`.padStart(7);
    return [
      ...[INDENT, cell(endpoint, width - 2), '  ', ...shareBar(share, 12), percent],
      `${calls}`.padStart(9),
      shownMs(p50).padStart(COLUMN),
    ];
  });
  const attempts: Line[] =
    attemptsPerCall === null ? [] : [[], [INDENT, named('attempts'), `${attemptsPerCall.toFixed(2)} a call`]];
  return [[], [piece(head, 'dim')], ...rows, ...attempts];
}

function errorLines({ errors }: Figures): Line[] {
  if (errors.length === 0) return [];
  const rest = errors.slice(KINDS).reduce((sum, { count }) => sum + count, 0);
  const shown = [...errors.slice(0, KINDS), ...(rest > 0 ? [{ what: 'something else', count: rest }] : [])];
  const rows = shown.map(({ what, count }): Line => [INDENT, piece(`${count}`.padStart(6), 'red'), ` × ${what}`]);
  return [[], [INDENT, piece('failed with', 'dim')], ...rows];
}

/** The result. */
export function summary(figures: Figures): Line[] {
  const { calls, failed, seconds, callsPerSecond, ms, firstTokenMs } = figures;
  const share = calls === 0 ? 0 : (failed / calls) * 100;
  const times = [...timesLine('time', ms), ...timesLine('first token', firstTokenMs)];
  const columns = ['p50', 'p95', 'p99', 'most'].map((name) => name.padStart(COLUMN)).join('');
  return [
    [INDENT, named('calls'), piece(`${calls.toLocaleString('en')}`, 'bold'), ` in ${seconds.toFixed(2)} s`],
    [INDENT, named('a second'), piece(rateOf(callsPerSecond), 'bold')],
    [
      INDENT,
      named('failed'),
      failed === 0
        ? piece('0', 'green')
        : piece(`${failed.toLocaleString('en')} (${share.toFixed(1)} %)`, ['red', 'bold']),
    ],
    ...(times.length > 0 ? [[], [piece(`${INDENT}${''.padEnd(LABEL)}${columns}`, 'dim')] as Line, ...times] : []),
    ...endpointLines(figures),
    ...errorLines(figures),
    [],
  ];
}
