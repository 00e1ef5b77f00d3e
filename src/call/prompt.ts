/**
 * What a call's prompt begins with, as numbers: two turns of one conversation have the same, whatever came to their ends.
 * Worked out when first asked for, in bounded time; the text itself is kept nowhere. Read by affinity and strategies.
 */
import { hashOf, hashText, mix } from './hash.ts';
import type { Operation } from './operations.ts';
import { sessionIn } from './session-header.ts';

type Loose = Record<string, unknown>;

/** Where a prompt's messages stand, by operation. Others, such as embeddings, have no prompt that anybody caches. */
const MESSAGES: Readonly<Record<string, readonly string[]>> = {
  chat: ['messages'],
  responses: ['input'],
  completions: ['prompt'],
  other: ['messages'],
};
/** What stands before the messages. */
const INSTRUCTIONS = ['system', 'instructions'] as const;
const TOOLS = ['tools', 'functions'] as const;
const AROUND = [...INSTRUCTIONS, ...TOOLS] as const;

/** No prompt shorter than 1,024 tokens is cached anywhere; a token is about four bytes. */
const CACHED_BYTES = 4 * 1_024;
/** Of a text that only grows, so much is its beginning. */
const BEGINNING = 4_096;
/** Shorter texts count by their letters: to look at each would take longer than it tells. */
const SHORT = 32;
/** Messages read in search of the first of the user's; tools read; parts and fields of messages read in all. */
const [FIRST_MESSAGES, FIRST_TOOLS, ENTRIES] = [16, 32, 128];

/** Adds up the bytes of a value as JSON, until there are enough. */
function bytesOf(value: unknown, enough: number): number {
  if (typeof value === 'string') {
    const { length } = value;
    return 4 + (length < SHORT || length >= enough ? length : Buffer.byteLength(value));
  }
  if (typeof value !== 'object' || value === null) return 4;
  let bytes = 4;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length && bytes < enough; at++) bytes += bytesOf(value[at], enough - bytes);
    return bytes;
  }
  for (const key in value) {
    bytes += key.length + bytesOf((value as Loose)[key], enough - bytes);
    if (bytes >= enough) break;
  }
  return bytes;
}

/** Goes on with a hash by a message or a part of one. @param budget of fields and entries still to be read. */
function hashValue(value: unknown, before: number, budget: { left: number }): number {
  if (typeof value === 'string') return hashText(value, before);
  if (typeof value !== 'object' || value === null) return hashText(String(value), before);
  let hash = before;
  for (const key in value) {
    if (budget.left === 0) break;
    budget.left -= 1;
    hash = hashValue((value as Loose)[key], hashText(key, hash), budget);
  }
  return hash;
}

/** Tools count by their names: the rest of them is long, and nobody tells conversations apart by it. */
function hashTools(tools: unknown, before: number): number {
  if (!Array.isArray(tools)) return before;
  let hash = hashText(String(tools.length), before);
  for (const tool of tools.slice(0, FIRST_TOOLS) as Loose[]) {
    const name = tool?.name ?? (tool?.function as Loose | undefined)?.name ?? tool?.type;
    hash = hashText(String(name), hash);
  }
  return hash;
}

/** All up to the first message of the user: what later turns repeat word for word. */
function hashMessages(messages: unknown, before: number, budget: { left: number }): number {
  if (typeof messages === 'string') return hashText(messages.slice(0, BEGINNING), before);
  if (!Array.isArray(messages)) return hashValue(messages, before, budget);
  if (typeof messages[0] === 'number') return hashText(messages.slice(0, ENTRIES).join(), before);
  let hash = before;
  for (const message of messages.slice(0, FIRST_MESSAGES) as unknown[]) {
    hash = hashValue((message as Loose | null)?.content ?? message, hash, budget);
    if (typeof message === 'string' || (message as Loose | null)?.role === 'user') break;
  }
  return hash;
}

/** The instructions at the beginning of the messages. */
function leading(messages: unknown): unknown[] {
  if (!Array.isArray(messages)) return [];
  const others = messages.slice(0, FIRST_MESSAGES);
  const end = others.findIndex((message: Loose | null) => message?.role !== 'system' && message?.role !== 'developer');
  return end < 0 ? others : others.slice(0, end);
}

const named = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** The beginning of one call's prompt. */
export class Prompt {
  readonly #fields: readonly string[];
  readonly #body: Loose;
  readonly #headers: unknown;
  #prefix: number | undefined | null = null;
  #stem: number | undefined | null = null;
  #conversation: number | undefined | null = null;

  /**
   * @param headers those of this call alone, in any form the SDK takes.
   * @param follows whether the call may go where its conversation was served last.
   */
  constructor(operation: Operation, body: unknown, headers: unknown, follows = true) {
    if (!follows) this.#conversation = undefined;
    const record = typeof body === 'object' && body !== null && !(body instanceof FormData);
    this.#headers = headers;
    this.#fields = (record && MESSAGES[operation.name]) || [];
    this.#body = (record ? body : {}) as Loose;
  }

  /**
   * The same for calls that share a session, a `prompt_cache_key`, a user, or else tools, instructions and the user's first
   * message; `undefined` when there is nothing to tell by.
   */
  get prefix(): number | undefined {
    if (this.#prefix === null) {
      const name = this.#named();
      this.#prefix = name === undefined ? this.#text() : hashOf(name);
    }
    return this.#prefix;
  }

  /**
   * The same for calls that share tools and instructions alone; `undefined` when these are too short to be cached, or something
   * else tells which calls belong together.
   */
  get stem(): number | undefined {
    if (this.#stem === null) {
      const { tools, functions, system, instructions } = this.#body;
      const messages = this.#fields.map((field) => leading(this.#body[field]));
      const parts = [tools, functions, system, instructions, ...messages];
      const none =
        this.#fields.length === 0 || bytesOf(parts, CACHED_BYTES) < CACHED_BYTES || this.#named() !== undefined;
      this.#stem = none ? undefined : this.#text(true);
    }
    return this.#stem;
  }

  #named(): string | undefined {
    const { prompt_cache_key, safety_identifier, user } = this.#fields.length > 0 ? this.#body : {};
    return [sessionIn(this.#headers), prompt_cache_key, safety_identifier, user].find(named);
  }

  /** The same for turns of one conversation; `undefined` for a prompt so short that no endpoint caches it. */
  get conversation(): number | undefined {
    if (this.#conversation === null) this.#conversation = this.#name();
    return this.#conversation;
  }

  #name(): number | undefined {
    if (!this.#isLong()) return undefined;
    const { model, prompt_cache_key } = this.#body;
    const key = named(prompt_cache_key) ? hashText(prompt_cache_key) : this.#text();
    // A cache belongs to a model.
    return mix((key ?? 0) ^ (typeof model === 'string' ? hashText(model) : 0));
  }

  #isLong(): boolean {
    let bytes = 0;
    if (this.#fields.length === 0) return false;
    for (const fields of [this.#fields, AROUND])
      for (const field of fields) {
        const value = this.#body[field];
        if (value !== undefined) bytes += bytesOf(value, CACHED_BYTES - bytes);
        if (bytes >= CACHED_BYTES) return true;
      }
    return false;
  }

  /** @param shared leaves out what only one conversation has. */
  #text(shared = false): number | undefined {
    const body = this.#body;
    if (!this.#fields.some((field) => body[field] !== undefined)) return undefined;
    const budget = { left: ENTRIES };
    let hash = hashTools(body.functions, hashTools(body.tools, 1));
    for (const field of INSTRUCTIONS) if (body[field] !== undefined) hash = hashValue(body[field], hash, budget);
    // A stored prompt comes before the messages; that of a legacy completion is all there is.
    if (typeof body.prompt === 'object' && !Array.isArray(body.prompt)) hash = hashValue(body.prompt, hash, budget);
    for (const field of this.#fields) hash = hashMessages(shared ? leading(body[field]) : body[field], hash, budget);
    return mix(hash);
  }
}
