/**
 * Where the processes of one app find each other: a socket in a folder that belongs to this user alone. Whoever has put its own
 * socket there last leads. A path is taken over by renaming, in one step, so that there is never a moment without an owner.
 */
import { type BigIntStats, chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of a socket's path: 108 on Linux, 104 on macOS and the BSDs, with the zero at the end. */
const LONGEST = process.platform === 'linux' ? 107 : 103;
/** Letters of the name that a socket has before it is in its place. */
const MARK = 6;
/** Left behind by a process that was killed while it took over, in ms. */
const OLD = 60_000;

const look = (path: string): BigIntStats | undefined => lstatSync(path, { bigint: true, throwIfNoEntry: false });
/** A number alone is given again to the next file. */
const identityOf = ({ ino, mtimeNs }: BigIntStats): string => `${ino}-${mtimeNs}`;

/** The meeting place of one app. */
export class Place {
  readonly #folder: string;
  readonly #name: string;
  readonly path: string;

  /**
   * @param base a folder that exists, such as that for temporary files
   * @param name of the socket: letters, digits, `-` and `_`
   */
  constructor(base: string, name: string) {
    this.#folder = join(base, `lbo-${process.geteuid?.() ?? 'any'}`);
    this.#name = name;
    this.path = join(this.#folder, name);
  }

  /** Whether the path is too long for a socket: how many bytes it may have. */
  get tooLong(): number | undefined {
    return Buffer.byteLength(this.path) + 1 + MARK > LONGEST ? LONGEST - 1 - MARK : undefined;
  }

  /** Makes the folder, or makes sure that it is nobody else's. @throws Error that says what is wrong and what to do */
  prepare(): void {
    if (process.platform === 'win32')
      throw new Error('processStore() has no sockets on Windows: use a Redis store there');
    const { tooLong } = this;
    if (tooLong)
      throw new Error(
        `${this.path} is longer than the ${tooLong} bytes a socket's path may have: give a shorter folder`,
      );
    const folder = this.#folder;
    this.#make();
    const stats = look(folder);
    if (!stats?.isDirectory()) throw new Error(`${folder} is no folder: remove it, or give another folder`);
    if (Number(stats.uid) !== process.geteuid?.())
      throw new Error(`${folder} belongs to another user: give another folder`);
    if (Number(stats.mode) & 0o077)
      throw new Error(`${folder} is open to other users: chmod 700 it, or give another folder`);
  }

  /** Who is there now: changes whenever somebody takes over. */
  current(): string | undefined {
    const stats = look(this.path);
    return stats && identityOf(stats);
  }

  /** A path for a socket that is about to take over. @param mark six letters that nobody else has */
  aside(mark: string): string {
    return `${this.path}.${mark}`;
  }

  /**
   * Takes over with the socket that listens at `aside`.
   * @param seen who was there when it was found to be gone
   * @returns who is there from now on; `undefined` when somebody else was quicker
   */
  take(aside: string, seen: string | undefined): string | undefined {
    if (this.current() !== seen) return undefined;
    const stats = look(aside);
    if (!stats) return undefined;
    // The folder keeps others out already; this is for who opens it by mistake.
    chmodSync(aside, 0o600);
    renameSync(aside, this.path);
    this.#sweep();
    return identityOf(stats);
  }

  /** Removes what `take` has put there, unless somebody else has taken over. */
  leave(identity: string): void {
    try {
      if (this.current() === identity) rmSync(this.path);
    } catch {
      // What is left is replaced by the next one.
    }
  }

  #make(): void {
    try {
      if (!look(this.#folder)) mkdirSync(this.#folder, { mode: 0o700 });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return;
      throw new Error(`${this.#folder} cannot be made (${code}): give a folder that exists and can be written to`);
    }
  }

  #sweep(): void {
    const now = look(this.path)?.ctimeMs ?? 0n;
    for (const file of readdirSync(this.#folder)) {
      if (!file.startsWith(`${this.#name}.`)) continue;
      const stats = look(join(this.#folder, file));
      if (stats && now - stats.ctimeMs > OLD) rmSync(join(this.#folder, file), { force: true });
    }
  }
}
