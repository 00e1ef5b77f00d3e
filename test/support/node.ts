// Tests of what only newer Nodes can do: HTTP/2 and proxies in their own fetch.
import { it } from 'vitest';

const major = Number(process.versions.node.split('.')[0]);

/** `it`, skipped on Nodes older than this major version. */
export const sinceNode = (version: number): typeof it => it.skipIf(major < version) as typeof it;
