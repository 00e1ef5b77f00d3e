/** The admin key of this tab. Kept in the tab's session storage only: it is gone with the tab, and never in an address. */
import { signal } from '@preact/signals';

const PLACE = 'load-balanced-openai.admin-key';

function stored(): string | undefined {
  try {
    return sessionStorage.getItem(PLACE) ?? undefined;
  } catch {
    return undefined;
  }
}

/** The key, if one was given. */
export const adminKey = signal<string | undefined>(stored());

/** Takes a key. */
export function signIn(key: string): void {
  adminKey.value = key;
  try {
    sessionStorage.setItem(PLACE, key);
  } catch {
    // A browser without storage asks again after a reload.
  }
}

/** Forgets the key. */
export function signOut(): void {
  adminKey.value = undefined;
  try {
    sessionStorage.removeItem(PLACE);
  } catch {
    // There is nothing to forget.
  }
}
