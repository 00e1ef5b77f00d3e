// The figures as a picture: one row per scenario, one line per strategy, how many times longer than the oracle needs when all
// is well. Readable on white and on black, since nobody knows where it will be shown.
import type { Group } from './table.ts';

const COLOURS = ['#8c959f', '#bf8700', '#1f883d', '#0969da', '#8250df', '#bf3989', '#cf222e', '#1b7c83'] as const;
const TICKS = [1, 2, 5, 10, 20, 50] as const;
/** Pixels. */
const NAMES = 150;
const PANEL = 260;
const GAP = 40;
const LINE = 9;
const BETWEEN = 14;
const LEGEND = 140;

const inXml = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
const text = (x: number, y: number, words: string, rest = '') =>
  `<text x="${x}" y="${y}"${rest}>${inXml(words)}</text>`;

/** Where a multiple lies on the logarithmic axis, from 0 to `PANEL`. */
function place(multiple: number, most: number): number {
  return (Math.log(Math.min(most, Math.max(1, multiple))) / Math.log(most)) * PANEL;
}

/** The picture as SVG. @param clients how many each column of cells stands for */
export function plot(all: readonly Group[], clients: readonly number[]): string {
  const groups = all.filter(({ scenario }) => scenario.shows === 'time');
  const names = groups[0]?.rows.map(({ name }) => name) ?? [];
  const values = groups.flatMap(({ rows }) => rows.flatMap(({ cells }) => cells.map(({ p99 }) => p99)));
  const most = TICKS.find((tick) => tick >= Math.max(2, ...values)) ?? 50;
  const perLegendLine = Math.floor((NAMES + clients.length * (PANEL + GAP)) / LEGEND);
  const top = 34 + Math.ceil(names.length / perLegendLine) * 18;
  const height = groups.length * (names.length * LINE + BETWEEN);
  const width = NAMES + clients.length * (PANEL + GAP);
  const colour = (index: number) => COLOURS[index % COLOURS.length] as string;
  const parts: string[] = names.map((name, index) => {
    const [x, y] = [(index % perLegendLine) * LEGEND, 14 + Math.floor(index / perLegendLine) * 18];
    return `<circle cx="${x + 6}" cy="${y - 4}" r="4" fill="${colour(index)}"/>${text(x + 14, y, name)}`;
  });
  clients.forEach((count, panel) => {
    const left = NAMES + panel * (PANEL + GAP);
    parts.push(text(left, top - 10, `${count} client${count === 1 ? '' : 's'}`, ' class="head"'));
    for (const tick of TICKS.filter((each) => each <= most)) {
      const x = left + place(tick, most);
      parts.push(`<path class="grid" d="M${x.toFixed(1)} ${top}V${top + height}"/>`);
      parts.push(text(x, top + height + 14, `${tick}×`, ' text-anchor="middle"'));
    }
  });
  groups.forEach(({ scenario, rows }, group) => {
    const y = top + group * (names.length * LINE + BETWEEN) + BETWEEN / 2;
    parts.push(text(0, y + (names.length * LINE) / 2 + 4, scenario.title));
    rows.forEach(({ cells }, index) => {
      cells.forEach(({ p99 }, panel) => {
        const left = NAMES + panel * (PANEL + GAP);
        const [x, at] = [(left + place(p99, most)).toFixed(1), y + index * LINE + LINE / 2];
        parts.push(`<path d="M${left} ${at}H${x}" stroke="${colour(index)}" stroke-width="2"/>`);
        parts.push(`<circle cx="${x}" cy="${at}" r="3.5" fill="${colour(index)}"/>`);
      });
    });
  });
  const caption = 'p99 time to first token, as a multiple of an oracle’s when all is well (log scale)';
  parts.push(text(NAMES, top + height + 32, caption));
  const style = [
    'text{font:12px system-ui,sans-serif;fill:#1f2328}',
    '.head{font-weight:600}',
    '.grid{stroke:#8c959f;stroke-opacity:.4;fill:none}',
    '@media(prefers-color-scheme:dark){text{fill:#d1d7e0}}',
  ].join('');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top + height + 40}" width="${width}" role="img">`,
    `<title>${inXml(caption)}</title><style>${style}</style>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}
