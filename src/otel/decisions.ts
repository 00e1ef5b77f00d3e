/** Why a call went where it went, as events of its span. Pure. */
import type { Attributes } from '@opentelemetry/api';
import type { BalancerEvents } from '../index.ts';
import { own } from './names.ts';

/** What is told of a decision. */
interface Told {
  readonly ms: number;
  readonly eligible: readonly string[];
  readonly excluded: ReadonlyArray<{ readonly endpoint: string; readonly reason: string }>;
  readonly picked: string | undefined;
  readonly waitMs?: number | undefined;
  readonly reason?: string | undefined;
  readonly model?: string | undefined;
  readonly budget?: number | undefined;
}

/** The first of each, where there are many. */
const MOST = 20;

function attributesOf({ ms, eligible, excluded, picked, waitMs, reason, model, budget }: Told): Attributes {
  return {
    [own.ms]: ms,
    [own.eligible]: eligible.slice(0, MOST),
    [own.excluded]: excluded.slice(0, MOST).map((each) => `${each.endpoint}: ${each.reason}`),
    ...(picked !== undefined && { [own.endpoint]: picked }),
    ...(waitMs !== undefined && { [own.waited]: waitMs }),
    ...(reason !== undefined && { [own.reason]: reason }),
    ...(model !== undefined && { [own.model]: model }),
    ...(budget !== undefined && { [own.budget]: budget }),
  };
}

/** The attributes of each decision of a call, in order. */
export function decisionsIn(event: BalancerEvents['call-end']): Attributes[] {
  const { decisions = [] } = event as { readonly decisions?: readonly Told[] };
  return decisions.slice(0, MOST).map(attributesOf);
}
