// An application written as ES modules, under a tracer that was there before it.
import { LoadBalancedOpenAI } from 'load-balanced-openai';
import OpenAI from 'openai';
import { followTraced } from '../support/traced-calls.ts';

await followTraced({ OpenAI, LoadBalancedOpenAI });
