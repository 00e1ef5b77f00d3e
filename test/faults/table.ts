// Makes TABLE.md, the table of all fault rows, out of a test run's JSON report: `npm run fault-table`. With `--check` it only
// compares, so that a row that lost its test, or a table that lags behind the tests, fails the build.
import { readFileSync, writeFileSync } from 'node:fs';

interface Test {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
}

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly Test[] }[];
}

interface Row {
  readonly fault: string;
  readonly verdict: string;
  readonly asserted: Set<string>;
}

const LAST = 86;

const place = new URL('TABLE.md', import.meta.url);

const HEAD = `# The fault table

Every fault that the tests of this folder provoke for real, what the library makes of it, and what is asserted. Written by
\`npm run fault-table\` out of the test run; the build fails when a row is missing or says something else than the tests.

| row | fault | verdict | asserted |
| --- | --- | --- | --- |
`;

/** The rows of a report, by number. @throws when a test of a row did not pass */
function rowsOf({ testResults }: Report): Map<number, Row> {
  const rows = new Map<number, Row>();
  for (const { ancestorTitles, title, status } of testResults.flatMap(({ assertionResults }) => assertionResults)) {
    const [, number, fault, verdict] =
      ancestorTitles.map((name) => /^row (\d+) · (.+) · (.+)$/.exec(name)).find(Boolean) ?? [];
    if (number === undefined || fault === undefined || verdict === undefined) continue;
    if (status === 'failed') throw new Error(`row ${number}: "${title}" failed`);
    const row = rows.get(Number(number)) ?? { fault, verdict, asserted: new Set() };
    if (row.fault !== fault || row.verdict !== verdict) throw new Error(`row ${number} is told in two ways`);
    rows.set(Number(number), row);
    row.asserted.add(title);
  }
  return rows;
}

/** The table as Markdown. @throws when a row is missing */
function tableOf(rows: ReadonlyMap<number, Row>): string {
  const numbers = Array.from({ length: LAST }, (_, i) => i + 1);
  const missing = numbers.filter((number) => !rows.has(number));
  if (missing.length > 0) throw new Error(`no test for row ${missing.join(', ')}`);
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const lines = [...rows]
    .sort(([a], [b]) => a - b)
    .map(([number, { fault, verdict, asserted }]) => {
      const promises = [...asserted].sort().map(cell).join('<br>');
      return `| ${number} | ${cell(fault)} | ${cell(verdict)} | ${promises} |\n`;
    });
  return HEAD + lines.join('');
}

const [report, mode] = process.argv.slice(2);
if (report === undefined) throw new Error('usage: node test/faults/table.ts REPORT.json [--check]');
const table = tableOf(rowsOf(JSON.parse(readFileSync(report, 'utf8')) as Report));
if (mode !== '--check') writeFileSync(place, table);
else if (readFileSync(place, 'utf8') !== table)
  throw new Error('test/faults/TABLE.md is not what the tests say: npm run fault-table');
