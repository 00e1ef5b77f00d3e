/** What was used, by key, model and day: a chart, a table, and a file for a spreadsheet. */
import { useState } from 'preact/hooks';
import type { UsageRow } from '../call-shapes.ts';
import { usageTable } from '../csv.ts';
import { count, money } from '../format.ts';
import { changes } from '../forms/open-forms.ts';
import { live } from '../live.ts';
import { shade } from '../look.ts';
import { Chart } from '../parts/chart.tsx';
import { paintOf } from '../parts/palette.ts';
import { Empty, Loaded, useResource } from '../parts/resource.tsx';
import { saveFile } from '../save-file.ts';
import { say } from '../say.ts';
import { dayLines, daysBetween, type Measure, measured, measures, totals } from '../usage-sums.ts';

const SPANS = [7, 30, 90] as const;
const DAY = 86_400_000;
type Field = 'key' | 'model' | 'endpoint';
const VIEWS: readonly (readonly Field[])[] = [['key', 'model'], ['key'], ['model'], ['endpoint']];

/** The day of the store, which counts in UTC. */
const dayAt = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

function Table({ rows, by }: { rows: readonly UsageRow[]; by: readonly Field[] }) {
  const sums = totals(rows, by);
  return (
    <div class="table">
      <table>
        <thead>
          <tr>
            {by.map((field) => (
              <th key={field}>{say(field)}</th>
            ))}
            <th class="number">{say('nav.calls')}</th>
            <th class="number">{say('failures')}</th>
            <th class="number">{say('callerErrors')}</th>
            <th class="number">{say('tokensIn')}</th>
            <th class="number">{say('tokensOut')}</th>
            <th class="number">{say('cost')}</th>
          </tr>
        </thead>
        <tbody>
          {sums.map((row) => (
            <tr key={by.map((field) => row[field]).join('\n')}>
              {by.map((field) => (
                <td key={field} class="name" data-name={say(field)}>
                  {row[field] || say('usage.without')}
                </td>
              ))}
              <td class="number" data-name={say('nav.calls')}>
                {count(row.calls)}
              </td>
              <td class="number" data-name={say('failures')}>
                {count(row.failed)}
              </td>
              <td class="number" data-name={say('callerErrors')}>
                {count(row.callerErrors)}
              </td>
              <td class="number" data-name={say('tokensIn')}>
                {count(row.tokensIn)}
              </td>
              <td class="number" data-name={say('tokensOut')}>
                {count(row.tokensOut)}
              </td>
              <td class="number" data-name={say('cost')}>
                {money(row.cost)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The page. */
export function Usage() {
  const [span, setSpan] = useState<number>(30);
  const [measure, setMeasure] = useState<Measure>('calls');
  const [view, setView] = useState(0);
  const today = dayAt(live.value?.now ?? Date.now());
  const from = dayAt(Date.parse(today) - (span - 1) * DAY);
  const by = VIEWS[view] ?? ['key'];
  const path = `/usage?from=${from}&to=${today}&by=${[...by, 'day'].join(',')}`;
  const usage = useResource<{ usage: readonly UsageRow[] }>(path, changes.value);
  const format = measure === 'cost' ? money : count;
  return (
    <>
      <div class="head">
        <h1>{say('nav.usage')}</h1>
        <button
          type="button"
          disabled={!usage.value || usage.value.usage.length === 0}
          onClick={() => saveFile(usageTable(usage.value?.usage ?? []), `usage-${from}-${today}.csv`, 'text/csv')}
        >
          {say('usage.csv')}
        </button>
      </div>
      <div class="filters">
        <select
          aria-label={say('span')}
          value={span}
          onChange={({ currentTarget }) => setSpan(Number(currentTarget.value))}
        >
          {SPANS.map((days) => (
            <option key={days} value={days} selected={days === span}>
              {say('usage.days', { days })}
            </option>
          ))}
        </select>
        <select
          aria-label={say('usage.by')}
          value={view}
          onChange={({ currentTarget }) => setView(Number(currentTarget.value))}
        >
          {VIEWS.map((fields, index) => (
            <option key={fields.join()} value={index} selected={index === view}>
              {say('usage.by')} {fields.map((field) => say(field)).join(' × ')}
            </option>
          ))}
        </select>
        <select
          aria-label={say('usage.measure')}
          value={measure}
          onChange={({ currentTarget }) => setMeasure(currentTarget.value as Measure)}
        >
          {measures.map((each) => (
            <option key={each} value={each} selected={each === measure}>
              {say(`measure.${each}`)}
            </option>
          ))}
        </select>
      </div>
      <Loaded from={usage}>
        {({ usage: rows }) =>
          rows.length === 0 ? (
            <Empty text={say('usage.empty')} more={say('calls.empty.more')} />
          ) : (
            <>
              <Chart
                label={`${say(`measure.${measure}`)}: ${format(rows.reduce((sum, row) => sum + measured(row, measure), 0))}`}
                data={dayLines(rows, daysBetween(from, today), measure)}
                lines={[{ label: say('usage.perDay'), colour: paintOf(shade.value).good, bars: true }]}
                format={format}
                time={(seconds) => new Date(seconds * 1_000).toISOString().slice(5, 10)}
                atLeast={0.000001}
                height={200}
              />
              <Table rows={rows} by={by} />
              <p class="muted">{say('usage.utc')}</p>
            </>
          )
        }
      </Loaded>
    </>
  );
}
