// What one block of an event stream says, and what is left for the SDK's decoder to judge.
import { describe, expect, it } from 'vitest';
import { END, NAME_ONLY, ODD, plainEvent, SILENT } from '../../src/sdk/plain-event.ts';

describe('plainEvent', () => {
  it.each<[string, unknown]>([
    ['data: {"a":1}\n\n', { a: 1 }],
    ['data:{"a":1}\n\n', { a: 1 }],
    ['data: {"a":1}\r\n\r\n', { a: 1 }],
    ['data: {"a":1}\r\r', { a: 1 }],
    ['\ndata: {"a":1}\n\n', { a: 1 }],
    ['data: "€ 😀"\n\n', '€ 😀'],
    ['data: null\n\n', null],
    ['data: [1]\n\n', [1]],
    ['event: response.created\ndata: {"type":"response.created"}\n\n', { type: 'response.created' }],
    ['id: 1\nretry: 5\n: hi\nevent:x\r\ndata: 1\r\n\r\n', 1],
    ['data: 1\nevent: x\nother: y\n\n', 1],
    ['event: thread.run.created\ndata: {"id":"run_1"}\n\n', { event: 'thread.run.created', data: { id: 'run_1' } }],
    ['event: thread.x\ndata: {"error":{}}\n\n', { event: 'thread.x', data: { error: {} } }],
    ['data: {"error":null}\n\n', { error: null }],
    ['data: {"type":"error"}\n\n', { type: 'error' }],
    ['event:\ndata: 1\n\n', 1],
  ])('takes %j', (block, event) => {
    expect(plainEvent(Buffer.from(block))).toEqual(event);
  });

  it.each<[string, string[], symbol]>([
    ['as nothing', [': ka\n\n', '\n', '\r\n', 'id: 7\n\n', ':\r\n: b\r\n\r\n', 'retry: 1\n\n', 'x: y\n\n'], SILENT],
    ['as the end', ['data: [DONE]\n\n', 'data:[DONE]\r\n\r\n', 'event: done\ndata: [DONE]\n\n'], END],
    ['as a name', ['event: ping\n\n', 'event:\n\n'], NAME_ONLY],
    [
      "for the SDK's to judge",
      [
        'data: {"a":\ndata: 1}\n\n',
        'data: {"a":\n1}\n\n',
        'data: {"a":\r1}\n\n',
        'data: {"a"\n\n',
        'data:\n\n',
        'data\n\n',
        'data: [DONE] \n\n',
        'data:  [DONE]\n\n',
        '\uFEFFdata: 1\n\n',
        'id: 1\n\uFEFFdata: 1\n\n',
        'event: error\ndata: {"message":"x"}\n\n',
        'event: a\nevent: b\ndata: 1\n\n',
        'event\ndata: 1\n\n',
        'data: {"error":{"message":"x"}}\n\n',
        'data: {"error":"x"}\n\n',
      ],
      ODD,
    ],
  ])('takes some %s', (_, blocks, what) => {
    for (const block of blocks) expect([block, plainEvent(Buffer.from(block))]).toEqual([block, what]);
  });
});
