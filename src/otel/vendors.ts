/** Who an endpoint belongs to and where it is, by its address: what the conventions want to know of a server. Pure. */
import type { Attributes } from '@opentelemetry/api';
import { semantic } from './names.ts';

/** Host names, alone or below others, and the conventions' names for whose they are. */
const HOSTS: ReadonlyArray<readonly [string, string]> = [
  ['openai.com', 'openai'],
  ['openai.azure.com', 'azure.ai.openai'],
  ['cognitiveservices.azure.com', 'azure.ai.openai'],
  ['services.ai.azure.com', 'azure.ai.inference'],
  ['anthropic.com', 'anthropic'],
  ['generativelanguage.googleapis.com', 'gcp.gemini'],
  ['openrouter.ai', 'openrouter'],
  ['groq.com', 'groq'],
  ['mistral.ai', 'mistral_ai'],
  ['deepseek.com', 'deepseek'],
  ['perplexity.ai', 'perplexity'],
  ['x.ai', 'x_ai'],
  ['cohere.com', 'cohere'],
  ['cohere.ai', 'cohere'],
  ['moonshot.ai', 'moonshot_ai'],
  ['moonshot.cn', 'moonshot_ai'],
  ['watsonx.ai', 'ibm.watsonx.ai'],
];
/** The same where a region stands in the middle of the name. */
const PATTERNS: ReadonlyArray<readonly [RegExp, string]> = [
  [/^bedrock(-[a-z]+)*\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/, 'aws.bedrock'],
  [/^([a-z0-9-]+-)?aiplatform\.googleapis\.com$/, 'gcp.vertex_ai'],
];
/** Whose API it speaks, where the host says nothing. */
const TYPES: Readonly<Record<string, string>> = { azure: 'azure.ai.openai', anthropic: 'anthropic' };

function vendorOf(host: string, type: string): string {
  const known =
    HOSTS.find(([end]) => host === end || host.endsWith(`.${end}`)) ?? PATTERNS.find(([names]) => names.test(host));
  return known?.[1] ?? TYPES[type] ?? 'openai';
}

function facts(type: string, baseURL: string): Attributes {
  if (!URL.canParse(baseURL)) return { [semantic.vendor]: vendorOf('', type) };
  const { hostname, port, protocol } = new URL(baseURL);
  return {
    [semantic.vendor]: vendorOf(hostname, type),
    [semantic.address]: hostname,
    [semantic.port]: port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port),
  };
}

/** So many are remembered: pools are configured, and few of them are larger. */
const KEPT = 1_000;
const known = new Map<string, Attributes>();

/** The attributes of the server behind a base URL. */
export function serverAttributes(type: string, baseURL: string): Attributes {
  const key = `${type} ${baseURL}`;
  let found = known.get(key);
  if (!found) {
    found = facts(type, baseURL);
    if (known.size >= KEPT) known.clear();
    known.set(key, found);
  }
  return found;
}
