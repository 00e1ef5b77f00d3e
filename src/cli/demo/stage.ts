/**
 * The three endpoints of one run: openai and openrouter are third-party servers (aimock), azure-eu is our own server
 * speaking Azure's API; each stands behind a fault front. Both runs get a stage of their own, with the same script.
 */
import { LLMock } from '@copilotkit/aimock';
import type { ClientOptions } from 'openai';
import type { EndpointOptions } from '../../index.ts';
import { faultServer, type ServerRequest, type Step } from '../../testing/index.ts';
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

interface Behind {
  readonly origin: string;
  close(): Promise<unknown>;
}

async function startAimock(): Promise<Behind> {
  const mock = new LLMock({ port: 0, host: '127.0.0.1', latency: PIECE_MS, chunkSize: 10 });
  mock.onMessage(/.*/s, ({ messages }) => ({ content: answerTo(messages.at(-1)?.content) }));
  mock.onEmbedding(/.*/s, { embedding: [0.25, -0.5, 0.75, 1] });
  await mock.start();
  return { origin: mock.url, close: () => mock.stop() };
}

function azureAnswer({ body }: ServerRequest): Step {
  const { messages, input, stream } = (body ?? {}) as {
    messages?: { content: unknown }[];
    input?: unknown;
    stream?: boolean;
  };
  const text = answerTo(messages?.at(-1)?.content ?? input);
  return stream ? { stream: 5, gap: PIECE_MS, text } : { step: 'ok', text };
}

async function startAzure(): Promise<Behind> {
  const server = await faultServer({
    name: 'azure-eu',
    models: ['prod-gpt5', 'prod-gpt5-mini', 'prod-embed'],
    script: azureAnswer,
  });
  return { origin: server.origin, close: () => server.close() };
}

/** From 0.3 to 0.6 s, by turns and not by chance: both runs shall have the same weather. */
function thinker(): () => number {
  let turn = 0;
  return () => 300 + ((turn++ * 7) % 11) * 30;
}

/** Starts three servers and their fronts. */
export const openStage: OpenStage = async (fault) => {
  const behind: Behind[] = [];
  const fronts = new Map<string, FaultFront>();
  const close = async () => {
    await Promise.all([...fronts.values()].map((front) => front.close()));
    await Promise.all(behind.map((server) => server.close()));
  };
  const start = async (name: string, server: Promise<Behind>): Promise<string> => {
    const { origin } = behind[behind.push(await server) - 1] as Behind;
    const front = await faultFront({ behind: origin, fault: () => fault(name), thinking: thinker() });
    fronts.set(name, front);
    return front.origin;
  };
  try {
    const azure = await start('azure-eu', startAzure());
    const openai = await start('openai', startAimock());
    const openrouter = await start('openrouter', startAimock());
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
