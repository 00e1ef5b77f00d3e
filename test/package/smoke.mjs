// The installed package, imported as an ES module.

import Default, * as library from 'load-balanced-openai';
import * as otel from 'load-balanced-openai/otel';
import * as prometheus from 'load-balanced-openai/prometheus';
import * as redis from 'load-balanced-openai/redis';
import * as testing from 'load-balanced-openai/testing';
import * as transport from 'load-balanced-openai/transport';
import OpenAI, { OpenAIError } from 'openai';
import promises from './promises.cjs';

await promises.keep({ library, Default, otel, prometheus, redis, testing, transport, OpenAI, OpenAIError });
