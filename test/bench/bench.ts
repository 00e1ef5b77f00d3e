// `npm run bench`: measures the built package; see `-- --help`.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Asked, HELP, readArguments } from './arguments.ts';
import { Child } from './child.ts';
import { contenders } from './contenders.ts';
import { goals } from './goals.ts';
import { machine } from './machine.ts';
import { between, markdown } from './markdown.ts';
import type { Places } from './mock.ts';
import type { Outcome } from './outcome.ts';
import { type Part, partNames, parts } from './parts.ts';
import { installedPeers } from './peers.ts';
import { plot } from './plot.ts';
import { forReadme, goalTables, problems, restless, results } from './report.ts';
import type { Setting } from './setting.ts';

const ROOT = join(import.meta.dirname, '../..');

async function measure({ parts: names, quick, rounds, ...asked }: Asked & { is: 'bench' }): Promise<Outcome[]> {
  const peers = asked.peers ? installedPeers() : [];
  if (peers.length === 0)
    console.log(`Packages of npm beside this one: left out${asked.peers ? ', they could not be installed' : ''}.`);
  const others = partNames.filter((name) => !names.includes(name));
  if (others.length > 0) console.log(`Parts left out: ${others.join(', ')}.`);
  const mock = Child.start('mock.ts', {});
  try {
    const places = await mock.ask<Places>({ do: 'open' });
    const setting: Setting = { quick, rounds, peers, mock, places };
    const outcomes: Outcome[] = [];
    for (const name of names) {
      const begun = performance.now();
      const { run }: Part = parts[name];
      const outcome = await run(setting);
      outcomes.push(outcome);
      console.log(`\n${outcome.tables.map(markdown).join('\n')}`);
      console.log(`(${name}: ${((performance.now() - begun) / 1_000).toFixed(0)} s)`);
    }
    return outcomes;
  } finally {
    await mock.end();
  }
}

/** The two panels of the plot. */
const SHOWN = ['Plain calls, 16 at once', 'Streams of 200 chunks, 16 at once'];

const README = join(ROOT, 'README.md');

function writeGateway(outcomes: readonly Outcome[]): void {
  writeFileSync(README, between(readFileSync(README, 'utf8'), forReadme(outcomes, machine(), 'gateway'), 'gateway'));
  console.log("\nWritten: the gateway's table in README.md");
}

function write(outcomes: readonly Outcome[]): void {
  const judged = goalTables(outcomes).flatMap(({ rows }) => rows).length;
  if (judged !== goals.length) throw new Error(`${goals.length - judged} goals were not measured`);
  const ours = Object.values(contenders).filter((each) => !('peer' in each));
  const points = outcomes.flatMap((outcome) => outcome.points ?? []).filter(({ panel }) => SHOWN.includes(panel));
  writeFileSync(README, between(readFileSync(README, 'utf8'), forReadme(outcomes, machine())));
  writeGateway(outcomes);
  writeFileSync(join(import.meta.dirname, 'RESULTS.md'), results(outcomes, machine()));
  writeFileSync(
    join(ROOT, 'examples/performance.svg'),
    plot(points, (name) => ours.some(({ title }) => title === name)),
  );
  console.log('Written: README.md, test/bench/RESULTS.md, examples/performance.svg');
}

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
  if (asked.build) execFileSync('npm', ['run', 'build'], { cwd: ROOT, stdio: 'pipe' });
  else if (!existsSync(join(ROOT, 'dist/index.mjs'))) {
    console.error('There is no dist to measure: leave --no-build out.');
    return 2;
  }
  console.log(machine());
  const outcomes = await measure(asked);
  console.log(`\n${goalTables(outcomes).map(markdown).join('\n')}`);
  if (restless(outcomes)) console.log('Too noisy: two equal ones differ by more than a fifth. CPU is not judged.\n');
  if (asked.write) (asked.parts.length === 1 ? writeGateway : write)(outcomes);
  const wrong = asked.check ? problems(outcomes) : [];
  for (const problem of wrong) console.error(problem);
  return wrong.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
