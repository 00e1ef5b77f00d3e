/**
 * What happened to a call, by the names that the configuration has. In a pool an endpoint may stand several times, once for each
 * group that a call may come to, and has a number behind its name then; whoever reads the story knows one endpoint of that name.
 */
import type { Decision, ExclusionReport } from '../../call/decision.ts';
import type { AttemptReport } from '../../call/outcome.ts';
import { endpointNamed } from './pools.ts';

const isNumbered = (name: string): boolean => endpointNamed(name) !== name;

/** Attempts, each on an endpoint of the configuration. */
export function shownAttempts(attempts: readonly AttemptReport[]): readonly AttemptReport[] {
  if (!attempts.some(({ endpoint }) => isNumbered(endpoint))) return attempts;
  return attempts.map((attempt) => ({ ...attempt, endpoint: endpointNamed(attempt.endpoint) }));
}

/** That it serves another group is no reason where there is a better one. */
const isElsewhere = ({ reason }: ExclusionReport): boolean => reason.startsWith('has no model');

function shown(decision: Decision): Decision {
  const eligible = [...new Set(decision.eligible.map(endpointNamed))];
  const picked = decision.picked === undefined ? undefined : endpointNamed(decision.picked);
  const excluded = new Map<string, ExclusionReport>();
  for (const { endpoint, reason } of decision.excluded) {
    const name = endpointNamed(endpoint);
    const before = excluded.get(name);
    if (eligible.includes(name) || name === picked || (before && !isElsewhere(before))) continue;
    excluded.set(name, { endpoint: name, reason });
  }
  const told: Decision = { ...decision, eligible, picked, excluded: [...excluded.values()] };
  const { figures, basis } = decision;
  if (figures) told.figures = figures.map((each) => ({ ...each, endpoint: endpointNamed(each.endpoint) }));
  if (basis?.settled !== undefined) told.basis = { ...basis, settled: endpointNamed(basis.settled) };
  return told;
}

/** Decisions, each endpoint named once; its figures as often as it stood to choose. */
export function shownDecisions(decisions: readonly Decision[]): readonly Decision[] {
  const isOdd = ({ eligible, excluded, picked = '' }: Decision) =>
    isNumbered(picked) || eligible.some(isNumbered) || excluded.some(({ endpoint }) => isNumbered(endpoint));
  return decisions.some(isOdd) ? decisions.map((each) => (isOdd(each) ? shown(each) : each)) : decisions;
}
