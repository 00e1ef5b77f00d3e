// The installed package, required as CommonJS.
const { OpenAI, OpenAIError } = require('openai');
const library = require('load-balanced-openai');
const otel = require('load-balanced-openai/otel');
const prometheus = require('load-balanced-openai/prometheus');
const redis = require('load-balanced-openai/redis');
const testing = require('load-balanced-openai/testing');
const transport = require('load-balanced-openai/transport');
const { keep } = require('./promises.cjs');

keep({ library, Default: library.default, otel, prometheus, redis, testing, transport, OpenAI, OpenAIError });
