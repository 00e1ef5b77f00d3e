// `npm run bench`: measures the built package; see `-- --help`.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type Asked, HELP, readArguments } from './arguments.ts';
import { Child } from './child.ts';
import { machine } from './machine.ts';
import { markdown } from './markdown.ts';
import type { Places } from './mock.ts';
import type { Outcome } from './outcome.ts';
import { parts } from './parts.ts';
import { installedPeers } from './peers.ts';
import type { Setting } from './setting.ts';

const ROOT = join(import.meta.dirname, '../..');

async function measure({ parts: names, quick, rounds, ...asked }: Asked & { is: 'bench' }): Promise<Outcome[]> {
  const peers = asked.peers ? installedPeers() : [];
  if (!asked.peers) console.log('The packages of npm are left out.\n');
  else if (peers.length === 0) console.log('The packages of npm could not be installed, and are left out.\n');
  const mock = Child.start('mock.ts', {});
  try {
    const places = await mock.ask<Places>({ do: 'open' });
    const setting: Setting = { quick, rounds, peers, mock, places };
    const outcomes: Outcome[] = [];
    for (const name of names) {
      const begun = performance.now();
      const outcome = await parts[name].run(setting);
      outcomes.push(outcome);
      console.log(outcome.tables.map(markdown).join('\n'));
      console.log(`(${name}: ${((performance.now() - begun) / 1_000).toFixed(0)} s)\n`);
    }
    return outcomes;
  } finally {
    await mock.end();
  }
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
  console.log(`${machine()}\n`);
  await measure(asked);
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
