// An application written as CommonJS, under a tracer that was there before it. Why not typed: Node has another `require` for
// typed files, which no hook sees.
const { OpenAI } = require('openai');
const { LoadBalancedOpenAI } = require('load-balanced-openai');

import('../support/traced-calls.ts').then(({ followTraced }) => followTraced({ OpenAI, LoadBalancedOpenAI }));
