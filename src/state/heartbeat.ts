/** What a process that shares limits says of itself, as text. Pure. Why checked: whatever else is on the store may write there. */

/** So many owners of limits a process names; one that has more counts for all of them. */
const MOST_OWNERS = 100;
/** Nobody calls himself, or an owner, by more letters. */
const [LONGEST_ID, LONGEST_OWNER] = [64, 16];
/** The last date there is. */
const END_OF_TIME = 8.64e15;

/** What one says. */
export interface Said {
  readonly id: string;
  /** The time that it knows, in ms since 1970. */
  readonly at: number;
  /** The owners of the limits that it has in use; `undefined` = all there are. */
  readonly owners: readonly string[] | undefined;
}

/** As text. */
export function written({ id, at, owners = [] }: Said): string {
  return JSON.stringify({ id, at, of: owners.length <= MOST_OWNERS ? owners : undefined });
}

const isOwner = (value: unknown): value is string => typeof value === 'string' && value.length <= LONGEST_OWNER;

/** Read again; `undefined` when it is none. */
export function read(message: string): Said | undefined {
  try {
    const { id, at, of } = JSON.parse(message) as { id?: unknown; at?: unknown; of?: unknown };
    const isDate = typeof at === 'number' && at >= 0 && at <= END_OF_TIME;
    if (typeof id !== 'string' || id.length > LONGEST_ID || !isDate) return undefined;
    const owners = Array.isArray(of) && of.length <= MOST_OWNERS && of.every(isOwner) ? of : undefined;
    return { id, at, owners };
  } catch {
    return undefined;
  }
}
