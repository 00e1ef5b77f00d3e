/** A client key as a form holds it, and as the admin API takes it. Pure. */
import { numberOr } from './endpoint-draft.ts';

/** The form's fields. */
export interface KeyDraft {
  readonly name: string;
  /** Public names; none = all. */
  readonly groups: readonly string[];
  readonly requestsPerMinute: string;
  readonly tokensPerMinute: string;
  readonly budget: string;
  readonly per: 'day' | 'month';
  /** As a date input writes it, where the browser is; empty = never. */
  readonly expiresAt: string;
}

/** An empty form. */
export const newKey: KeyDraft = {
  ...{ name: '', groups: [], requestsPerMinute: '', tokensPerMinute: '', budget: '', per: 'month', expiresAt: '' },
};

/** What `POST /admin/keys` takes. */
export function keyBody(draft: KeyDraft): Record<string, unknown> {
  const { name, groups, per, expiresAt } = draft;
  const amount = numberOr(draft.budget);
  const limits = Object.entries({
    requestsPerMinute: numberOr(draft.requestsPerMinute),
    tokensPerMinute: numberOr(draft.tokensPerMinute),
    budget: amount === undefined ? undefined : { amount, per },
  }).filter(([, value]) => value !== undefined);
  const time = expiresAt === '' ? Number.NaN : new Date(expiresAt).getTime();
  return {
    name: name.trim(),
    ...(groups.length > 0 && { groups: [...groups] }),
    ...(limits.length > 0 && { limits: Object.fromEntries(limits) }),
    ...(!Number.isNaN(time) && { expiresAt: new Date(time).toISOString() }),
  };
}
