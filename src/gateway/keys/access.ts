/** Who calls: the key that came along, compared by its hash. The first thing that happens to a call. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../../clock.ts';
import type { AdminKey, ClientKey } from '../config/settings.ts';
import { Refused, retryAfter } from '../http/api-error.ts';
import type { Guesses } from './guesses.ts';
import type { StoredKeys } from './stored-keys.ts';

/** Whose call it is: a key's; or anybody's, where no keys are set. */
export type Caller = ClientKey | undefined;

const BEARER = /^Bearer +(\S+) *$/i;

/** The key that came along, if any. */
export function keyIn(headers: IncomingHttpHeaders): string | undefined {
  const bearer = BEARER.exec(headers.authorization ?? '')?.[1];
  const named = headers['x-api-key'];
  return bearer ?? (typeof named === 'string' && named !== '' ? named : undefined);
}

const wrong = (message: string, code: string): Refused =>
  new Refused({ status: 401, message, code, headers: { 'www-authenticate': 'Bearer' } });

/** What keys are looked up in, beside a configuration's own. */
export interface AccessParts {
  readonly stored: StoredKeys;
  /** Whoever reaches the gateway may call where no keys are set: for loopback addresses. */
  readonly mayBeOpen: boolean;
  readonly clock: Clock;
  readonly guesses: Guesses;
}

/** The keys of one configuration. */
export class Access {
  readonly #clients: ReadonlyMap<string, ClientKey>;
  readonly #admins: ReadonlyMap<string, AdminKey>;
  readonly #parts: AccessParts;
  readonly #names: ReadonlySet<string>;

  constructor(clientKeys: readonly ClientKey[], adminKeys: readonly AdminKey[], parts: AccessParts) {
    const table = <Key extends AdminKey>(keys: readonly Key[]) => new Map(keys.map((key) => [key.digest, key]));
    this.#clients = table(clientKeys);
    this.#admins = table(adminKeys);
    this.#names = new Set(clientKeys.map(({ name }) => name));
    this.#parts = parts;
  }

  /** No client keys are set: whoever reaches the gateway may call. */
  get open(): boolean {
    return (
      this.#clients.size === 0 && this.#parts.mayBeOpen && this.#parts.stored.size === 0 && this.#parts.stored.known
    );
  }

  /** Found by the hash: who could time this would learn of a hash, which leads to no key. */
  #find<Key extends AdminKey>(of: (digest: string) => Key | undefined, key: string | undefined): Key | undefined {
    if (key === undefined) return undefined;
    const digest = hash('sha256', key);
    const found = of(digest);
    return found && timingSafeEqual(Buffer.from(found.digest), Buffer.from(digest)) ? found : undefined;
  }

  /** A key of the store; one whose name the configuration gives to another is none. */
  #stored(digest: string): ClientKey | undefined {
    const found = this.#parts.stored.find(digest);
    return found && !this.#names.has(found.name) ? found : undefined;
  }

  /** The admin whose key came along. */
  admin(headers: IncomingHttpHeaders): AdminKey | undefined {
    return this.#find((digest) => this.#admins.get(digest), keyIn(headers));
  }

  /**
   * The client whose key came along, expired or not.
   * @throws Refused for a key of the store when nobody could look for a minute whether it was revoked.
   */
  client(headers: IncomingHttpHeaders): ClientKey | undefined {
    const key = keyIn(headers);
    const own = this.#find((digest) => this.#clients.get(digest), key);
    if (own) return own;
    const found = this.#find((digest) => this.#stored(digest), key);
    const { fresh, known } = this.#parts.stored;
    if (found ? fresh : known || key === undefined || this.#find((digest) => this.#admins.get(digest), key))
      return found;
    const message = 'The store of client keys cannot be read, so that nobody knows whether this key still holds.';
    throw new Refused({ status: 503, message, code: 'keys_unknown', headers: retryAfter(5_000) });
  }

  /** @throws Refused. */
  #unexpired(key: ClientKey): ClientKey {
    if (key.expiresAt === undefined || this.#parts.clock.date() < key.expiresAt) return key;
    throw wrong(`The key '${key.name}' has expired.`, 'expired_api_key');
  }

  /**
   * The key of a call that runs, as it stands now.
   * @throws Refused when it was revoked meanwhile, or has expired.
   */
  still({ name, digest }: ClientKey): ClientKey {
    const found = this.#clients.get(digest) ?? this.#stored(digest);
    if (!found) throw wrong(`The key '${name}' was revoked.`, 'revoked_api_key');
    return this.#unexpired(found);
  }

  /**
   * Who may make this call.
   * @param address where it comes from.
   * @throws Refused for a key that is missing, unknown, expired, or an admin's.
   */
  caller(headers: IncomingHttpHeaders, address: string): Caller {
    const found = this.client(headers);
    if (found) return this.#unexpired(found);
    if (this.admin(headers)) throw wrong('An admin key makes no calls; use a client key.', 'invalid_api_key');
    if (this.open) return undefined;
    this.#parts.guesses.add(address);
    throw wrong('A valid client key is needed, as "Authorization: Bearer …" or "x-api-key: …".', 'invalid_api_key');
  }

  /** Nobody may administrate by a key: there is none. */
  get hasAdmins(): boolean {
    return this.#admins.size > 0;
  }

  /**
   * Who administrates. Only what came as Bearer counts.
   * @throws Refused for a key that is missing, unknown, or a client's.
   */
  administrator({ authorization }: IncomingHttpHeaders, address: string): AdminKey {
    const headers = { authorization };
    const found = this.admin(headers);
    if (found) return found;
    if (this.client(headers)) throw wrong('A client key opens nothing here; use an admin key.', 'invalid_api_key');
    if (authorization !== undefined) this.#parts.guesses.add(address);
    throw wrong('An admin key is needed, as "Authorization: Bearer …".', 'invalid_api_key');
  }

  /**
   * Lets in who may see everything there is, and not call.
   * @throws Refused as `caller`; and for a key of some groups, which is not told of others.
   */
  visitor(headers: IncomingHttpHeaders, address: string): void {
    if (this.admin(headers)) return;
    const key = this.caller(headers, address);
    if (key?.groups === undefined) return;
    const message = `The key '${key.name}' is for some groups, and this tells of all; use an admin key, or a client key for all groups.`;
    throw new Refused({ status: 403, message, code: 'key_of_some_groups' });
  }
}
