/**
 * `load-balanced-openai/testing`: tools for testing an application that talks to OpenAI, with or without this library.
 */

export { type EventRecorder, recordEvents } from './event-recorder.ts';
export { type FaultServer, faultServer } from './fault-server.ts';
export type { RateLimit } from './gate.ts';
export { type ManualClock, type ManualClockOptions, manualClock } from './manual-clock.ts';
export type { MultipartBody } from './multipart.ts';
export type { RepeatedSteps, Script } from './script.ts';
export type { FaultServerOptions } from './server-options.ts';
export type { ServerRequest } from './server-request.ts';
export type { StepName } from './step-names.ts';
export type {
  AnswerOptions,
  NamedStep,
  RawStep,
  RedirectStep,
  StatusStep,
  Step,
  StepOptions,
  StreamPlace,
  StreamStep,
} from './steps.ts';
export { type StoreCheck, type StoreContractOptions, sharedStoreContract } from './store-contract.ts';
export { type StrategyCheck, type StrategyContractOptions, strategyContract } from './strategy-contract.ts';
