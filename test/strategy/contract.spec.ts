// Every strategy of ours keeps the contract of strategies.
import { priority } from '../../src/strategy/priority.ts';
import { random } from '../../src/strategy/random.ts';
import { roundRobin } from '../../src/strategy/round-robin.ts';
import { manualClock } from '../../src/testing/index.ts';
import { strategyContract } from '../contract/strategy-contract.ts';

strategyContract('round-robin', roundRobin);
strategyContract('random', () => random(manualClock({ seed: 5 }).random));
strategyContract('random, by the clock of the machine', () => random());
strategyContract('priority', () => priority());
strategyContract('priority(random)', () => priority(random(manualClock({ seed: 6 }).random)));
