// The installed package, required as CommonJS.
const { OpenAI, OpenAIError } = require('openai');
const library = require('load-balanced-openai');
const testing = require('load-balanced-openai/testing');
const transport = require('load-balanced-openai/transport');
const { keep } = require('./promises.cjs');

keep({ library, Default: library.default, testing, transport, OpenAI, OpenAIError });
