/**
 * The race as plain lines, for pipes, logs and CI: one line per phase and one every 50 calls of a run.
 */
import type { Race, View } from './race.ts';

const EVERY = 50;
/** How often to look whether a new phase began, in ms. */
const LOOK_MS = 50;

/** Shows a race line by line. @param print writes one line */
export function lineView(print: (line: string) => void): View {
  let race: Race;
  let timer: NodeJS.Timeout;
  let phase = '';
  const say = (what: string) => print(`${(race.elapsed() / 1_000).toFixed(1).padStart(5)} s  ${what}`);
  const look = () => {
    const now = race.weather();
    if (now !== phase) say(`-- ${now}`);
    phase = now;
  };
  return {
    begin(begun) {
      race = begun;
      const { total, concurrency, plain, pooled } = race;
      print(`${total} calls, ${concurrency} at a time, twice, side by side, on equal servers with equal faults`);
      for (const { name, on } of [plain, pooled]) print(`  ${name.padEnd(pooled.name.length)}  on ${on}`);
      look();
      timer = setInterval(look, LOOK_MS);
    },
    progress(side) {
      const { done, lost } = side.tally;
      if (done % EVERY !== 0 && done !== race.total) return;
      look();
      // In the order in which the first lines name the endpoints.
      const served = side.snapshot()?.endpoints.map(({ successes }) => successes) ?? [];
      const shares = served.length > 0 ? `  (${served.join(' + ')} answers)` : '';
      say(`${side.name.padEnd(race.pooled.name.length)}  ${done}/${race.total}, ${lost} lost${shares}`);
    },
    end() {
      clearInterval(timer);
    },
  };
}
