/** A group as a form holds it, and as a configuration does. Pure. Options that no field shows stay as they were. */
import type { Group, StrategyName } from '../shapes.ts';
import { numberOr } from './endpoint-draft.ts';

/** A row: an endpoint of the group. */
export interface MemberDraft {
  readonly endpoint: string;
  readonly model: string;
  readonly weight: string;
  readonly priority: string;
}

/** The form's fields. */
export interface GroupDraft {
  readonly name: string;
  /** As `strategyText` writes it; empty = that of the gateway. */
  readonly strategy: string;
  readonly members: readonly MemberDraft[];
  readonly fallback: readonly string[];
}

/** The strategies, and priority with each of them inside. */
export const strategies: readonly string[] = [
  ...['round-robin', 'random', 'least-busy', 'least-latency', 'headroom', 'prompt-cache', 'priority'],
  ...['least-busy', 'least-latency', 'headroom', 'prompt-cache', 'random'].map((name) => `priority: ${name}`),
];

/** A strategy as one word: `priority: least-busy`. */
export function strategyText(strategy: StrategyName | undefined): string {
  if (strategy === undefined) return '';
  return typeof strategy === 'string' ? strategy : `priority: ${strategy.priority}`;
}

const strategyOf = (value: string): StrategyName | undefined => {
  const inner = /^priority: (.+)$/.exec(value)?.[1];
  return inner !== undefined ? { priority: inner } : value === '' ? undefined : value;
};

const text = (value: number | undefined): string => (value === undefined ? '' : String(value));

/** An empty row. */
export const newMember: MemberDraft = { endpoint: '', model: '', weight: '', priority: '' };

/** The fields of a group; of none, those of a new one. */
export function groupDraft(value?: Group): GroupDraft {
  return {
    name: value?.name ?? '',
    strategy: strategyText(value?.strategy),
    members: value?.endpoints.map(({ endpoint, model, weight, priority }) => ({
      endpoint,
      model: model ?? '',
      weight: text(weight),
      priority: text(priority),
    })) ?? [newMember],
    fallback: value?.fallback ?? [],
  };
}

/** The options of a group as `PUT` takes them. */
export function groupOptions({ name: _, source: __, ...options }: Group): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== null));
}

/** The options that the form says. @param before what stood there. */
export function groupBody(draft: GroupDraft, before?: Group): Record<string, unknown> {
  const { strategy: _, ...kept } = before ? groupOptions(before) : {};
  const strategy = strategyOf(draft.strategy);
  const members = draft.members.map(({ endpoint, model, weight, priority }, index) => {
    const fields = { model: model.trim() || undefined, weight: numberOr(weight), priority: numberOr(priority) };
    const there = Object.entries(fields).filter(([, value]) => value !== undefined);
    const same = before?.endpoints[index]?.endpoint === endpoint ? before.endpoints[index] : undefined;
    const { endpoint: __, model: ___, weight: ____, priority: _____, ...others } = same ?? { endpoint };
    return { ...others, endpoint, ...Object.fromEntries(there) };
  });
  return { ...kept, ...(strategy !== undefined && { strategy }), endpoints: members, fallback: [...draft.fallback] };
}
