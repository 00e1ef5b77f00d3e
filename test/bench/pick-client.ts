// Times the picks in a process of its own.
import { strategyNames } from '../../src/strategy/named.ts';
import { answering } from './child.ts';
import { bench, type Row, SIZES } from './pick.ts';

/** Every strategy by name; one among equals stands for `priority`. */
const names = [...strategyNames.filter((name) => name !== 'priority'), 'priority:least-latency'];

answering({
  pick: ({ rounds, picks }: { rounds: number; picks: number }): Row[] => bench(names, SIZES, rounds, picks),
});
