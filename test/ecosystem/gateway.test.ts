// ai, @ai-sdk/openai, @langchain/openai and @llamaindex/openai with nothing but the gateway's address: all that their own tests do over
// the library, done again through the gateway of the package, with the same faults, the same journeys and the same results.
process.env.VIA = 'gateway';

await import('./ai-sdk.test.ts');
await import('./langchain.test.ts');

export {};
