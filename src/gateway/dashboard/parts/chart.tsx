/** A chart over time: uPlot on a canvas, with a legend of our own that tells the values under the pointer. */
import { signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { clockTime, NONE } from '../format.ts';
import { shade } from '../look.ts';
import type { Lines } from '../series.ts';
import { paintOf } from './palette.ts';

/** A line of a chart. */
export interface Line {
  readonly label: string;
  readonly colour: string;
  /** Filled down to the line before it, for things stacked. */
  readonly stacked?: boolean;
  readonly filled?: boolean;
  readonly bars?: boolean;
  /** What the legend tells, when it is not what is drawn. `undefined`: the pointer is elsewhere. */
  readonly told?: (index: number | undefined) => number | null;
}

interface ChartParts {
  readonly label: string;
  readonly lines: readonly Line[];
  readonly data: Lines;
  readonly format: (value: number | null) => string;
  readonly time?: (seconds: number) => string;
  /** The top of the scale at least. */
  readonly atLeast?: number;
  readonly height?: number;
}

const FONT = '11px system-ui, sans-serif';
/** Steps of the time axis, in seconds: within an hour, and in days for bars. */
const SECONDS = [5, 10, 15, 30, 60, 120, 300, 600];
const HALF_DAY = 43_200;
const DAYS = [1, 2, 5, 10, 20, 30].map((days) => days * 2 * HALF_DAY);
/** The pointer is at the same time in all charts of the page. */
const SYNC = 'page';
const pointer = signal<number | null>(null);

function optionsOf({ lines, format, time, atLeast = 1 }: ChartParts, width: number, height: number): uPlot.Options {
  const { text, grid } = paintOf(shade.peek());
  const axis = { stroke: text, font: FONT, ticks: { show: false }, grid: { stroke: grid, width: 1 } };
  const hasBars = lines.some(({ bars }) => bars);
  const clock = time ?? ((seconds: number) => clockTime(seconds * 1_000).slice(0, seconds % 60 === 0 ? 5 : 8));
  return {
    ...{ width, height, legend: { show: false }, padding: [8, 8, 0, 0] },
    cursor: { sync: { key: SYNC }, drag: { x: false, y: false }, points: { size: 6 }, y: false },
    scales: {
      // Bars stand in the middle of their time: the first and the last one are whole too.
      x: { range: (_, min, max) => (hasBars ? [min - HALF_DAY, max + HALF_DAY] : [min, max]) },
      y: { range: (_, __, max) => [0, Math.max(atLeast, max * 1.08)] },
    },
    axes: [
      {
        ...axis,
        size: 26,
        space: 44,
        incrs: hasBars ? DAYS : SECONDS,
        grid: { show: false },
        values: (_, splits) => splits.map(clock),
      },
      {
        ...axis,
        size: 52,
        space: 28,
        values: (_, splits) => splits.map((value) => (value === 0 ? '' : format(value))),
      },
    ],
    series: [
      {},
      // What is stacked is drawn from the top one down, each over the one before.
      ...lines.map(({ label, colour, stacked, filled, bars }) => ({
        ...{ label, stroke: colour, width: stacked ? 0 : 1.6, spanGaps: false },
        points: stacked || bars ? { show: false } : { show: true, size: 4, width: 0, fill: colour, filter: alone },
        ...((stacked || bars) && { fill: colour }),
        ...(filled && { fill: `${colour}22` }),
        ...(bars && { paths: uPlot.paths.bars?.({ size: [0.7, 48] }) }),
        ...(stacked && { paths: uPlot.paths.bars?.({ size: [1, Number.POSITIVE_INFINITY] }) }),
      })),
    ],
    hooks: {
      setCursor: [
        ({ cursor }) => {
          pointer.value = cursor.idx ?? null;
        },
      ],
    },
  };
}

/** Points that no line leads to or from: they are drawn as dots, or nobody would see them. */
function alone(plot: uPlot, series: number): number[] {
  const values = plot.data[series] ?? [];
  return [...values.keys()].filter(
    (index) => typeof values[index] === 'number' && values[index - 1] == null && values[index + 1] == null,
  );
}

const drawn = (lines: readonly Line[], data: Lines): Lines => {
  if (!lines.some(({ stacked }) => stacked)) return data;
  const [times, ...values] = data;
  return [times, ...values.reverse()];
};
const order = (lines: readonly Line[]): readonly Line[] =>
  lines.some(({ stacked }) => stacked) ? [...lines].reverse() : lines;

/** The chart. Its text for those who do not see it is the label and the newest values. */
export function Chart(parts: ChartParts) {
  const { label, lines, data, format, height = 150 } = parts;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const now = useRef(parts);
  now.current = parts;
  const inside = useSignal(false);
  const looks = `${shade.value} ${lines.map((line) => `${line.label} ${line.colour}`).join()}`;
  useEffect(() => {
    const box = place.current;
    if (!box) return undefined;
    const { lines: its, data: first } = now.current;
    const made = new uPlot(
      optionsOf({ ...now.current, lines: order(its) }, box.clientWidth, height),
      drawn(its, [...first]) as uPlot.AlignedData,
      box,
    );
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: box.clientWidth, height }));
    resized.observe(box);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [looks, height]);
  useEffect(() => {
    plot.current?.setData(drawn(lines, [...data]) as uPlot.AlignedData);
  });
  const length = data[0].length;
  const at = inside.value && pointer.value !== null && pointer.value < length ? pointer.value : undefined;
  const told = lines.map(({ told: tells }, index) =>
    tells ? tells(at) : (data[index + 1]?.[at ?? length - 1] ?? null),
  );
  return (
    <figure class="chart">
      <figcaption>
        <h3>{label}</h3>
        <ul class="legend">
          {lines.map((line, index) => (
            <li key={line.label}>
              <Swatch colour={line.colour} />
              <span class="name">{line.label}</span> <b>{told[index] === null ? NONE : format(told[index] ?? null)}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      <div
        class="plot"
        ref={place}
        role="img"
        aria-label={label}
        onPointerEnter={() => {
          inside.value = true;
        }}
        onPointerLeave={() => {
          inside.value = false;
        }}
      />
    </figure>
  );
}

/** A patch of colour. */
export function Swatch({ colour }: { colour: string }) {
  return <span class="swatch" aria-hidden="true" style={{ background: colour }} />;
}
