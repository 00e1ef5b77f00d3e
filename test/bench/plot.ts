// The figures as a picture: one line per client, from the least to the most of its rounds with a dot at the median, beside
// the plain SDK. Readable on white and on black, since nobody knows where it will be shown.
import type { Point } from './outcome.ts';

const TICKS = [0.25, 0.5, 1, 2, 4, 8] as const;
/** Pixels. */
const NAMES = 290;
const PANEL = 240;
const GAP = 50;
const LINE = 20;
const TOP = 34;

const OURS = '#1f883d';
const OTHERS = '#8c959f';

const inXml = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
const text = (x: number, y: number, words: string, rest = '') =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${rest}>${inXml(words)}</text>`;

/** The ticks that frame all values. */
function ticksFor(points: readonly Point[]): readonly number[] {
  const [least, most] = [
    Math.min(...points.map(({ spread }) => spread.min)),
    Math.max(...points.map(({ spread }) => spread.max)),
  ];
  const first = Math.max(
    0,
    TICKS.findLastIndex((tick) => tick <= Math.min(least, 0.5)),
  );
  const last = TICKS.findIndex((tick) => tick >= Math.max(most, 2));
  return TICKS.slice(first, last < 0 ? undefined : last + 1);
}

/** The picture as SVG. @param isOurs which names are shown as ours */
export function plot(points: readonly Point[], isOurs: (name: string) => boolean): string {
  const panels = [...new Set(points.map(({ panel }) => panel))];
  const names = [...new Set(points.map(({ name }) => name))];
  const ticks = ticksFor(points);
  const [least, most] = [ticks[0] as number, ticks.at(-1) as number];
  const place = (ratio: number) =>
    (Math.log(Math.min(most, Math.max(least, ratio)) / least) / Math.log(most / least)) * PANEL;
  const bottom = TOP + names.length * LINE;
  const width = NAMES + panels.length * (PANEL + GAP);
  const yOf = (name: string) => TOP + (names.indexOf(name) + 0.5) * LINE;
  const parts = names.map((name) => text(0, yOf(name) + 4, name.replaceAll('`', '')));
  panels.forEach((panel, index) => {
    const left = NAMES + index * (PANEL + GAP);
    parts.push(text(left, TOP - 14, panel, ' class="head"'));
    for (const tick of ticks) {
      const x = left + place(tick);
      parts.push(`<path class="${tick === 1 ? 'base' : 'grid'}" d="M${x.toFixed(1)} ${TOP}V${bottom}"/>`);
      parts.push(text(x, bottom + 14, `${tick}×`, ' text-anchor="middle"'));
    }
    for (const { name, spread } of points.filter((point) => point.panel === panel)) {
      const [from, at, to] = [spread.min, spread.median, spread.max].map((ratio) => (left + place(ratio)).toFixed(1));
      const [y, colour] = [yOf(name).toFixed(1), isOurs(name) ? OURS : OTHERS];
      parts.push(`<path d="M${from} ${y}H${to}" stroke="${colour}" stroke-width="2"/>`);
      parts.push(`<circle cx="${at}" cy="${y}" r="4" fill="${colour}"/>`);
    }
  });
  const caption = 'CPU of the client, times the plain openai SDK’s (log scale; least, median and most of the rounds)';
  parts.push(text(0, bottom + 36, caption));
  const style = [
    'text{font:12px system-ui,sans-serif;fill:#1f2328}',
    '.head{font-weight:600}',
    '.grid,.base{stroke:#8c959f;stroke-opacity:.4;fill:none}',
    '.base{stroke-opacity:1}',
    '@media(prefers-color-scheme:dark){text{fill:#d1d7e0}}',
  ].join('');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + 44}" width="${width}" role="img">`,
    `<title>${inXml(caption)}</title><style>${style}</style>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}
