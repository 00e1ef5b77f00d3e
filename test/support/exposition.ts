// Reads a page of metrics as strictly as the formats are written: Prometheus' text 0.0.4 and OpenMetrics 1.0. What a scraper
// would take although it is wrong (a series twice, a family in two places, buckets that fall) is refused here.

/** One sample. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One metric of a page. */
export interface MetricFamily {
  /** As in the first format, so `…_total` for counters. */
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string | undefined;
  readonly samples: readonly Sample[];
}

const NAME = /^[a-z]+(_[a-z]+)*$/;
const LABELS = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;

/** @throws Error for labels that are not written as they must be. */
function labelsIn(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABELS.lastIndex = 0;
  while (LABELS.lastIndex < text.length) {
    const match = LABELS.exec(text);
    if (!match) throw new Error(`labels: ${line}`);
    const [, name = '', value = '', after] = match;
    if (name in labels) throw new Error(`label ${name} twice: ${line}`);
    if (after === ',' && LABELS.lastIndex === text.length) throw new Error(`a comma at the end: ${line}`);
    labels[name] = value.replaceAll(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
  }
  return labels;
}

function sampleIn(line: string): Sample {
  const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
  if (!match) throw new Error(`no sample: ${line}`);
  const [, name = '', labels = '', number = ''] = match;
  if (!/^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(number)) throw new Error(`no number: ${line}`);
  return { name, labels: labelsIn(labels, line), value: Number(number) };
}

const seriesOf = ({ name, labels }: Sample) => `${name} ${JSON.stringify(Object.entries(labels).sort())}`;

/** Buckets ascend in bound and in count, the last is +Inf and as many as the count. */
function checkHistogram(name: string, samples: readonly Sample[]): void {
  const groups = new Map<string, { buckets: [number, number][]; sum?: number; count?: number }>();
  for (const { name: full, labels, value } of samples) {
    const { le, ...rest } = labels;
    const key = JSON.stringify(rest);
    const group = groups.get(key) ?? { buckets: [] };
    groups.set(key, group);
    if (full === `${name}_bucket`) {
      if (le === undefined) throw new Error(`a bucket of ${name} without a bound`);
      group.buckets.push([le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), value]);
    } else if (full === `${name}_sum`) group.sum = value;
    else if (full === `${name}_count`) group.count = value;
    else throw new Error(`${full} in the histogram ${name}`);
  }
  for (const [key, { buckets, sum, count }] of groups) {
    if (sum === undefined || count === undefined) throw new Error(`${name}${key}: no sum or no count`);
    buckets.forEach(([bound, value], index) => {
      const [before, less] = buckets[index - 1] ?? [Number.NEGATIVE_INFINITY, 0];
      if (!(bound > before) || value < less) throw new Error(`${name}${key}: the bucket ${bound} is out of order`);
    });
    const last = buckets.at(-1);
    if (last?.[0] !== Number.POSITIVE_INFINITY || last[1] !== count) throw new Error(`${name}${key}: +Inf is not all`);
  }
}

/** All metrics of a page by name. @throws Error with the line that is wrong. */
export function readMetrics(text: string): Map<string, MetricFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const lines = text.slice(0, -1).split('\n');
  const open = lines.at(-1) === '# EOF';
  if (open) lines.pop();
  const found = new Map<string, MetricFamily & { samples: Sample[] }>();
  const seen = new Set<string>();
  let at: (MetricFamily & { samples: Sample[] }) | undefined;
  let help: { name: string; text: string } | undefined;
  for (const line of lines.filter((each) => open || each !== '')) {
    const [, what, name = '', rest = ''] = /^# (HELP|TYPE|UNIT) (\S+) (.+)$/.exec(line) ?? [];
    if (line.startsWith('#') && !what) throw new Error(`a comment: ${line}`);
    if (what === 'HELP') help = { name, text: rest };
    else if (what === 'TYPE') {
      if (help?.name !== name) throw new Error(`no help before: ${line}`);
      if (!['counter', 'gauge', 'histogram'].includes(rest)) throw new Error(`no type: ${line}`);
      const full = open && rest === 'counter' ? `${name}_total` : name;
      if (!NAME.test(full) || found.has(full)) throw new Error(`a bad name, or twice: ${line}`);
      if (full.endsWith('_total') !== (rest === 'counter')) throw new Error(`_total and the type: ${line}`);
      at = { name: full, type: rest, help: help.text, unit: undefined, samples: [] };
      found.set(full, at);
    } else if (what === 'UNIT') {
      if (!open || !at || !name.endsWith(`_${rest}`)) throw new Error(`a unit: ${line}`);
      at = Object.assign(at, { unit: rest });
    } else {
      const sample = sampleIn(line);
      const base = at?.type === 'histogram' ? sample.name.replace(/_(bucket|sum|count)$/, '') : sample.name;
      if (base !== at?.name) throw new Error(`not in its family: ${line}`);
      if (at.type !== 'gauge' && sample.value < 0) throw new Error(`below zero: ${line}`);
      const series = seriesOf(sample);
      if (seen.has(series)) throw new Error(`twice: ${line}`);
      seen.add(series);
      at.samples.push(sample);
    }
  }
  for (const { name, type, samples } of found.values()) if (type === 'histogram') checkHistogram(name, samples);
  return found;
}
