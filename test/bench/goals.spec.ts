// Who fails a check, and who does not.
import { expect, it } from 'vitest';
import { goals, judge, withUnit } from './goals.ts';

const about = (goal: string, value: number, control?: number) =>
  judge([{ about: goal, value, ...(control !== undefined && { control }) }])[0];

it.each([
  ['at its goal', 'chat.16.fast.cpu', 0.5, 1, { met: true, far: false }],
  ['beyond it', 'chat.16.fast.cpu', 0.7, 1, { met: false, far: false }],
  ['far beyond it', 'chat.16.fast.cpu', 0.76, 1, { met: false, far: true }],
  ['far beyond, on a machine that is doing other things', 'chat.16.fast.cpu', 0.76, 1.3, { far: false, noisy: true }],
  ['far beyond, while the twin ran too well', 'chat.16.fast.cpu', 0.76, 0.79, { far: false, noisy: true }],
  ['fewer calls per second', 'chat.16.fast.rate', 1.3, 1, { met: false, far: false }],
  ['far fewer', 'chat.16.fast.rate', 1.19, 1, { met: false, far: true }],
  ['made into text twice', 'vision.fast.serialised', 2, undefined, { met: false, far: true }],
  ['beyond a goal that is out of reach', 'gateway.chat.16.cpu.pass-through', 6.9, 1, { met: false, far: false }],
  ['beyond what was reached of it', 'gateway.chat.16.cpu.pass-through', 7.1, 1, { met: false, far: true }],
  ['bytes, whatever the control says', 'heap.fast', 1, 2, { far: true, noisy: false }],
  ['milliseconds, however many', 'endpoints.construction', 500, undefined, { met: false, far: false }],
])('%s', (_, goal, value, control, expected) => {
  expect(about(goal, value, control)).toMatchObject(expected);
});

it('leaves out what was not measured, and what no goal speaks of', () => {
  expect(judge([{ about: 'chat.256.fast.cpu', value: 9 }])).toEqual([]);
});

it('has one goal for each figure, in words of its own', () => {
  expect(new Set(goals.map((goal) => goal.about)).size).toBe(goals.length);
  expect(new Set(goals.map((goal) => goal.says)).size).toBe(goals.length);
});

it('tells a figure with its unit', () => {
  const text = (goal: string, value: number) => withUnit(value, goals.find((each) => each.about === goal)!);
  expect(text('chat.1.fast.cpu', 0.423)).toBe('0.42×');
  expect(text('own.more', 4.56)).toBe('4.56 µs');
  expect(text('endpoints.timers', 1)).toBe('1');
});
