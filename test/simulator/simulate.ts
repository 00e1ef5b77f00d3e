// `npm run simulate`: the strategies compared, printed as a table scenario by scenario, and drawn with --out, where the README's table comes with it; or recorded calls replayed.
import { writeFileSync } from 'node:fs';
import { HELP, readArguments } from './arguments.ts';
import { cell } from './compare.ts';
import { plot } from './plot.ts';
import { replayTrace } from './replay-trace.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { type Group, markdown, type Row, section } from './table.ts';
import { TraceError } from './trace.ts';

async function main(args: readonly string[]): Promise<number> {
  const asked = readArguments(args);
  if (asked.is === 'wrong') {
    console.error(`${asked.problem}\n\n${HELP}`);
    return 2;
  }
  if (asked.is === 'help') {
    console.log(HELP);
    return 0;
  }
  if (asked.is === 'replay') {
    try {
      console.log((await replayTrace(asked)).join('\n'));
      return 0;
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      console.error(error.message);
      return 1;
    }
  }
  const { contenders, clients, seeds, ms, stream, out } = asked;
  const groups: Group[] = [];
  for (const name of asked.scenarios) {
    const scenario: Scenario = scenarios[name];
    const rows: Row[] = [];
    for (const each of contenders) {
      const cells = [];
      for (const count of clients) cells.push(await cell(each, scenario, { clients: count, seeds, ms, stream }));
      rows.push({ name: each.name, cells });
    }
    groups.push({ scenario, rows });
    console.log(section(scenario, clients, rows).join('\n'));
  }
  if (out === undefined) return 0;
  // The oracle is what the others are measured by: all its lines would be none.
  const own = groups.map(({ scenario, rows }) => ({ scenario, rows: rows.filter(({ name }) => name !== 'oracle') }));
  writeFileSync(out, plot(own, clients));
  console.log(`${markdown(own).join('\n')}\n`);
  console.log(`Plot written to ${out}`);
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
