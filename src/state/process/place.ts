/**
 * Where the processes of one app find each other: a socket in a folder that belongs to this user alone. Whoever has put its own
 * socket there last leads. A path is taken over by renaming, in one step, so that there is never a moment without an owner; who
 * does so takes away what others would rename, looks whether it is still the last one, and leads only then.
 */
import { type BigIntStats, chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of a socket's path: 108 on Linux, 104 on macOS and the BSDs, with the zero at the end. */
const LONGEST = process.platform === 'linux' ? 107 : 103;
/** Letters of the name that a socket has before it is in its place. */
const MARK = 6;
const MARKS = /^[\w-]{6}$/;
/** What stands before them: those who know everything that was answered, and everybody else. */
const [HEIR, ASIDE] = ['+', '.'];

const look = (path: string): BigIntStats | undefined => lstatSync(path, { bigint: true, throwIfNoEntry: false });
/** A number alone is given again to the next file. */
const identityOf = ({ ino, mtimeNs }: BigIntStats): string => `${ino}-${mtimeNs}`;

/** @returns whether it was there */
function rename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

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

  /**
   * Whether somebody else has taken over: leaves something there. Files that are cleaned away change nothing. Who may not look any
   * more, as after a change of its user, has no part in it: `prepare` says why.
   */
  replaced(identity: string): boolean {
    try {
      return (this.current() ?? identity) !== identity;
    } catch {
      return true;
    }
  }

  /** A path for a socket that is in no place yet. @param mark six letters that nobody else has */
  aside(mark: string): string {
    return `${this.path}${ASIDE}${mark}`;
  }

  /** Lets nobody else in. The folder keeps others out already; this is for who opens it by mistake. */
  guard(mark: string): void {
    try {
      chmodSync(this.aside(mark), 0o600);
    } catch {
      // Somebody took over, and has removed it.
    }
  }

  /** The path of an heir's socket. */
  heir(mark: string): string {
    return `${this.path}${HEIR}${mark}`;
  }

  /** The marks of all heirs, always in the same order. */
  get heirs(): string[] {
    return this.#marks(HEIR);
  }

  /** Makes a socket an heir's. @returns whether it was there */
  name(mark: string): boolean {
    return MARKS.test(mark) && rename(this.aside(mark), this.heir(mark));
  }

  /** It is nobody's any more. Throws nothing: it is done in timers, and at the end of the process. */
  strike(mark: string): void {
    for (const file of [this.aside(mark), this.heir(mark)])
      try {
        rmSync(file, { force: true });
      } catch {
        // Whoever takes over next removes it.
      }
  }

  /**
   * Takes over with the socket of an heir. Other heirs stay: nothing may be answered before they know it, or are struck out.
   * @param seen who was there when it was found to be gone
   * @returns who is there from now on; `undefined` when somebody else was quicker, or this is no heir
   */
  inherit(mark: string, seen: string | undefined): string | undefined {
    return this.#take(this.heir(mark), seen, []);
  }

  /** Takes over with a socket that listens at `aside`, as `inherit` does; nobody is an heir any more. */
  take(mark: string, seen: string | undefined): string | undefined {
    return this.#take(this.aside(mark), seen, [HEIR]);
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

  #take(file: string, seen: string | undefined, without: string[]): string | undefined {
    const stats = look(file);
    if (!stats) return undefined;
    if (this.current() !== seen || !rename(file, this.path)) return undefined;
    for (const kind of [ASIDE, ...without])
      for (const mark of this.#marks(kind)) rmSync(`${this.path}${kind}${mark}`, { force: true });
    const identity = identityOf(stats);
    return this.current() === identity ? identity : undefined;
  }

  #marks(kind: string): string[] {
    const start = this.#name + kind;
    const length = start.length + MARK;
    const files = readdirSync(this.#folder).filter((file) => file.startsWith(start) && file.length === length);
    return files.map((file) => file.slice(start.length)).sort();
  }
}
