// dd-trace, automatic: it patches the SDK's resource methods and its promise as they are loaded.
import { test } from 'node:test';
import { followInProcess } from './support/traced-process.ts';

const env = {
  // As JSON on the standard output.
  DD_TRACE_EXPERIMENTAL_EXPORTER: 'log',
  DD_TRACE_STARTUP_LOGS: 'false',
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
  DD_REMOTE_CONFIGURATION_ENABLED: 'false',
};

test('ES modules, --import dd-trace/initialize.mjs: one span per call', () =>
  followInProcess({ format: 'esm', tracer: 'dd-trace', flags: ['--import', 'dd-trace/initialize.mjs'], env }));

test('CommonJS, --require dd-trace/init: one span per call', () =>
  followInProcess({ format: 'cjs', tracer: 'dd-trace', flags: ['--require', 'dd-trace/init'], env }));
