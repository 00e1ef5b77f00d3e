// The order of the turns: A B C, then C B A, so that what slows the machine down over time slows all alike.

/**
 * Lets all take their turn in every round, and gives what each turn gave, by name.
 * @param warm rounds before the first that counts
 */
export async function inTurns<Name extends string, Result>(
  names: readonly Name[],
  rounds: number,
  turn: (name: Name, round: number) => Promise<Result>,
  warm = 1,
): Promise<Record<Name, Result[]>> {
  const results = Object.fromEntries(names.map((name) => [name, [] as Result[]])) as Record<Name, Result[]>;
  for (let round = -warm; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      const result = await turn(name, round);
      if (round >= 0) results[name].push(result);
    }
  }
  return results;
}
