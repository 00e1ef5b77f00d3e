// Whose an endpoint is, by its address.
import { describe, expect, it } from 'vitest';
import { serverAttributes } from '../../src/otel/vendors.ts';

const whose = (baseURL: string, type = 'openai') => serverAttributes(type, baseURL)['gen_ai.provider.name'];

describe('an endpoint belongs to', () => {
  it.each([
    ['https://api.openai.com/v1', 'openai'],
    ['https://eu.api.openai.com/v1', 'openai'],
    ['https://team.openai.azure.com/openai/v1', 'azure.ai.openai'],
    ['https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1', 'aws.bedrock'],
    ['https://aiplatform.googleapis.com/v1', 'gcp.vertex_ai'],
    ['https://europe-west4-aiplatform.googleapis.com/v1', 'gcp.vertex_ai'],
    ['https://generativelanguage.googleapis.com/v1beta/openai', 'gcp.gemini'],
    ['https://api.x.ai/v1', 'x_ai'],
  ])('%s: %s', (address, owner) => expect(whose(address)).toBe(owner));

  it.each([
    'https://llm.eu-west-1.elb.amazonaws.com/v1',
    'https://foo-x.ai/v1',
    'https://not-groq.com/v1',
    'http://127.0.0.1:8000/v1',
    'nowhere',
  ])('nobody known, so that the API it speaks is told: %s', (address) => {
    expect(whose(address)).toBe('openai');
    expect(whose(address, 'azure')).toBe('azure.ai.openai');
  });
});
