/** What happens now: asks `/admin/live` each second while somebody looks, and knows whether the gateway answers. */
import { batch, computed, signal } from '@preact/signals';
import { ApiError, get } from './api.ts';
import { merge } from './series.ts';
import type { Live, Second } from './shapes.ts';

/** How it stands with the gateway. */
export type Connection =
  | { readonly is: 'connecting' | 'connected' | 'lost' | 'needs-key' }
  | { readonly is: 'refused'; readonly message: string };

/** The connection. */
export const connection = signal<Connection>({ is: 'connecting' });
/** The last reply. */
export const live = signal<Live | undefined>(undefined);
/** Has it replied? Changes seldom, unlike the reply. */
export const isKnown = computed(() => live.value !== undefined);
/** How often the connection came back: what could not be read is read again. */
export const returns = signal(0);
/** The seconds told so far. */
export const seconds = signal<readonly Second[]>([]);

const [EVERY, LONGEST_PAUSE] = [1_000, 5_000];
let timer: ReturnType<typeof setTimeout> | undefined;
let asking = false;
let again = false;
let pause = EVERY;

/** In whole seconds since 1970, the last second that is over at the gateway. */
export function lastSecond({ now }: Live): number {
  return Math.floor(now / 1_000) - 1;
}

function take(reply: Live): void {
  const restarted = live.value !== undefined && live.value.since !== reply.since;
  batch(() => {
    seconds.value = merge(restarted ? [] : seconds.value, reply.seconds);
    live.value = reply;
    if (connection.value.is === 'lost') returns.value += 1;
    if (connection.value.is !== 'connected') connection.value = { is: 'connected' };
  });
  pause = EVERY;
}

function failed(error: unknown): void {
  const status = error instanceof ApiError ? error.status : 0;
  if (status === 401) forget({ is: 'needs-key' });
  else if (status === 403 || status === 421) forget({ is: 'refused', message: (error as ApiError).message });
  else connection.value = { is: 'lost' };
  pause = Math.min(pause * 2, LONGEST_PAUSE);
}

/** Nothing of before stays on the page for who may not see it. */
function forget(next: Connection): void {
  batch(() => {
    live.value = undefined;
    seconds.value = [];
    connection.value = next;
  });
}

async function ask(): Promise<void> {
  asking = true;
  const newest = seconds.value.at(-1)?.t;
  try {
    // The newest second may not have been over when it was told.
    take(await get<Live>(newest === undefined ? '/live' : `/live?after=${newest - 1}`));
  } catch (error) {
    failed(error);
  }
  asking = false;
  if (again) askNow();
  else plan();
}

function plan(): void {
  clearTimeout(timer);
  timer = undefined;
  const { is } = connection.value;
  if (document.hidden || is === 'needs-key' || is === 'refused') return;
  timer = setTimeout(() => void ask(), pause);
}

/** Asks at once: after a change, a sign-in, or by the button of the banner. */
export function askNow(): void {
  again = asking;
  if (asking) return;
  clearTimeout(timer);
  void ask();
}

/** Begins, and pauses while the page is hidden. */
export function beginLive(): void {
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) clearTimeout(timer);
    else askNow();
  });
  askNow();
}

/** Starts over, with another key or none. */
export function startOver(): void {
  forget({ is: 'connecting' });
  askNow();
}
