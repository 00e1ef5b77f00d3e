/** A file of lines that is appended to behind the caller's back, bounded in memory and on disk. A disk that is full costs lines, nothing else. */
import { type FileHandle, open, rename } from 'node:fs/promises';
import { ConfigurationError } from '../errors.ts';

const MIB = 1_024 * 1_024;
/** Text that waits to be written, at most, in characters. */
const MOST_WAITING = 4 * MIB;

/** The file. */
export class LineFile {
  /** Lines that found no place. */
  lost = 0;
  readonly #file: string;
  readonly #maxBytes: number;
  readonly #keep: number;
  #waiting: string[] = [];
  #length = 0;
  #writing: Promise<void> | undefined;
  #handle: FileHandle | undefined;
  #size = 0;

  /** @throws ConfigurationError for settings that make no sense. */
  constructor(file: string, { maxBytes = 64 * MIB, keep = 1 }: { maxBytes?: number; keep?: number }) {
    if (file === '') throw new ConfigurationError('invalid_options', 'recordDecisions: name a file to write to.');
    if (!(maxBytes >= 1_024))
      throw new ConfigurationError(
        'invalid_options',
        `recordDecisions: maxBytes must be 1024 or more, not ${maxBytes}.`,
      );
    if (!Number.isInteger(keep) || keep < 0 || keep > 1_000)
      throw new ConfigurationError(
        'invalid_options',
        `recordDecisions: keep must be a whole number from 0 to 1000, not ${keep}.`,
      );
    this.#file = file;
    this.#maxBytes = maxBytes;
    this.#keep = keep;
  }

  /** Takes one line. Never throws, never waits. */
  write(line: string): void {
    if (this.#length + line.length > MOST_WAITING) {
      this.lost += 1;
      return;
    }
    this.#waiting.push(line);
    this.#length += line.length;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Writes what waits, and closes the file. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#handle?.close().catch(() => undefined);
    this.#handle = undefined;
  }

  async #writeAll(): Promise<void> {
    // What comes in the same moment goes out together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const lines = this.#batch();
      try {
        await this.#append(Buffer.from(lines.join('')));
      } catch {
        this.lost += lines.length;
        await this.#handle?.close().catch(() => undefined);
        this.#handle = undefined;
      }
    }
  }

  /** The next lines to go out together: all that wait, but no more than a file takes. */
  #batch(): string[] {
    let [count, bytes] = [0, 0];
    for (const line of this.#waiting) {
      bytes += Buffer.byteLength(line);
      if (count > 0 && bytes > this.#maxBytes) break;
      this.#length -= line.length;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #append(bytes: Buffer, turned = false): Promise<void> {
    const { handle, size } = await this.#opened();
    if (size > 0 && size + bytes.length > this.#maxBytes) {
      // Nobody may rename it, or what stands in its way cannot be replaced.
      if (turned) throw new Error('the file cannot be put aside');
      await this.#turn(handle);
      await this.#append(bytes, true);
      return;
    }
    const { bytesWritten } = await handle.write(bytes);
    this.#size += bytesWritten;
    // The rest of a line would look like a line of its own.
    if (bytesWritten < bytes.length) throw new Error('the disk is full');
  }

  async #opened(): Promise<{ handle: FileHandle; size: number }> {
    if (this.#handle) return { handle: this.#handle, size: this.#size };
    const handle = await open(this.#file, 'a+', 0o600);
    this.#handle = handle;
    this.#size = (await handle.stat()).size;
    if (this.#size > 0) {
      const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, this.#size - 1);
      // Somebody stopped in the middle of a line.
      if (buffer[0] !== 0x0a) this.#size += (await handle.write('\n')).bytesWritten;
    }
    return { handle, size: this.#size };
  }

  async #turn(handle: FileHandle): Promise<void> {
    this.#handle = undefined;
    await handle.close();
    for (let at = this.#keep; at > 0; at--) {
      const from = at === 1 ? this.#file : `${this.#file}.${at - 1}`;
      await rename(from, `${this.#file}.${at}`).catch(() => undefined);
    }
    if (this.#keep === 0) await (await open(this.#file, 'w', 0o600)).close();
  }
}
