/**
 * The three endpoints of one run, servers on this machine with the model names of whom they stand for, azure-eu speaking Azure's API;
 * each stands behind a fault front. Both runs get a stage of their own, with the same script.
 */
import type { ClientOptions } from 'openai';
import type { EndpointOptions } from '../../index.ts';
import { type FaultServer, faultServer, type ServerRequest, type Step } from '../../testing/index.ts';
import { answerTo } from './calls.ts';
import { type FaultFront, faultFront } from './fault-front.ts';
import type { Fault } from './outages.ts';

/** Endpoints ready to be called. */
export interface Stage {
  /** The pool. */
  readonly endpoints: readonly EndpointOptions[];
  /** Where the plain SDK goes: one of them. */
  readonly plain: ClientOptions;
  /** Which one that is. */
  readonly plainOn: string;
  /** Shuts one endpoint down for good. */
  kill(endpoint: string): void;
  /** Stops every server. */
  close(): Promise<void>;
}

/** Opens a stage. @param fault what is broken at an endpoint now. */
export type OpenStage = (fault: (endpoint: string) => Fault | undefined) => Promise<Stage>;

/** The pause between two pieces of a streamed answer, in ms. */
const PIECE_MS = 35;
const KEY = 'no-key-needed-here';

function answer({ body }: ServerRequest): Step {
  const { messages, input, stream } = (body ?? {}) as {
    messages?: { content: unknown }[];
    input?: unknown;
    stream?: boolean;
  };
  const text = answerTo(messages?.at(-1)?.content ?? input);
  return stream ? { stream: 5, gap: PIECE_MS, text } : { step: 'ok', text };
}

/** What each lists, in its own names. */
const MODELS = {
  'azure-eu': ['prod-gpt5', 'prod-gpt5-mini', 'prod-embed'],
  openai: ['gpt-5', 'gpt-5-mini', 'text-embedding-3-small'],
  openrouter: ['openai/gpt-5', 'openai/gpt-5-mini', 'openai/text-embedding-3-small'],
} as const;

/** From 0.3 to 0.6 s, by turns and not by chance: both runs shall have the same weather. */
function thinker(): () => number {
  let turn = 0;
  return () => 300 + ((turn++ * 7) % 11) * 30;
}

/** Starts three servers and their fronts. */
export const openStage: OpenStage = async (fault) => {
  const behind: FaultServer[] = [];
  const fronts = new Map<string, FaultFront>();
  const close = async () => {
    await Promise.all([...fronts.values()].map((front) => front.close()));
    await Promise.all(behind.map((server) => server.close()));
  };
  const start = async (name: keyof typeof MODELS): Promise<string> => {
    const server = await faultServer({ name, models: MODELS[name], script: answer });
    behind.push(server);
    const front = await faultFront({ behind: server.origin, fault: () => fault(name), thinking: thinker() });
    fronts.set(name, front);
    return front.origin;
  };
  try {
    const azure = await start('azure-eu');
    const openai = await start('openai');
    const openrouter = await start('openrouter');
    const plain = { apiKey: KEY, baseURL: `${openai}/v1` };
    return {
      endpoints: [
        {
          ...{ name: 'azure-eu', type: 'azure', endpoint: azure, apiVersion: '2025-04-01-preview', apiKey: KEY },
          modelMap: { 'gpt-5': 'prod-gpt5', 'gpt-5-mini': 'prod-gpt5-mini', 'text-embedding-*': 'prod-embed' },
        },
        { name: 'openai', ...plain },
        {
          ...{ name: 'openrouter', apiKey: KEY, baseURL: `${openrouter}/v1` },
          modelMap: { '*': 'openai/$1' },
        },
      ],
      ...{ plain, plainOn: 'openai' },
      kill: (name) => fronts.get(name)?.kill(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
