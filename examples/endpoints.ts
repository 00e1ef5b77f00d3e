// Where the examples find their endpoints: at the vendor when its key is in the environment, else on this machine.
import { type FaultServer, type FaultServerOptions, faultServer } from 'load-balanced-openai/testing';

const started: FaultServer[] = [];

/** `{ name, apiKey }` with the key in `variable`; without it, also the `baseURL` of a small server that does as `options` say. */
export async function reach(name: string, variable: string, options: FaultServerOptions = {}) {
  const apiKey = process.env[variable];
  if (apiKey) return { name, apiKey };
  const server = await faultServer({ ...options, name });
  started.push(server);
  console.log(`# ${variable} is not set: a server on this machine plays '${name}'`);
  return { name, apiKey: 'any', baseURL: server.url };
}

/** Stops the servers on this machine, so that the example ends. */
export async function stop() {
  for (const server of started) await server.close();
}
