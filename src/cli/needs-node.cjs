/*
 * Loaded before the command line (`node -r`), in words that every Node understands: a Node that cannot run TypeScript would
 * stop at main.ts with ERR_UNKNOWN_FILE_EXTENSION and not say what to do.
 */
'use strict';

if (!process.features.typescript) {
  console.error(
    `This runs TypeScript as it stands, which needs Node 22.18 or newer; this is Node ${process.version}.\n` +
      'Run `npm ci` and then `npm run demo`: that uses the Node this project brings along. Or use a newer Node.',
  );
  process.exit(2);
}
