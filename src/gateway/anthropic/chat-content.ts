/** Content blocks of the Messages API in the words of chat completions: text and images. What chat has no words for is refused by name. */
import { type Loose, listAt, objectAt, textAt, wrongField } from './read-fields.ts';

/** A part of a chat message. */
export type ChatPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } };

/** A block and where it stands. */
export interface Block {
  readonly type: string;
  readonly fields: Loose;
  readonly path: string;
}

/** The blocks of a content, which may be a plain text as well. */
export function blocksOf(content: unknown, path: string): Block[] {
  if (typeof content === 'string') return [{ type: 'text', fields: { type: 'text', text: content }, path }];
  return listAt(content, path).map((one, index) => {
    const fields = objectAt(one, `${path}.${index}`);
    return { type: textAt(fields.type, `${path}.${index}.type`), fields, path: `${path}.${index}` };
  });
}

/** For what only Anthropic's endpoints take. */
export const untranslatable = ({ type, path }: Pick<Block, 'type' | 'path'>): Error =>
  wrongField(path, `'${type}' has no counterpart at OpenAI endpoints; send it to an endpoint of type anthropic`);

/** The text of a text block. */
export const textOf = ({ fields, path }: Block): string => textAt(fields.text, `${path}.text`);

function imageOf({ fields, path }: Block): ChatPart {
  const source = objectAt(fields.source, `${path}.source`);
  const at = (name: string) => textAt(source[name], `${path}.source.${name}`);
  const type = at('type');
  if (type === 'url') return { type: 'image_url', image_url: { url: at('url') } };
  if (type === 'base64')
    return { type: 'image_url', image_url: { url: `data:${at('media_type')};base64,${at('data')}` } };
  throw untranslatable({ type: `image from ${type}`, path });
}

/** A block as a part. @throws Refused for one that chat has no words for. */
export function partOf(block: Block): ChatPart {
  if (block.type === 'text') return { type: 'text', text: textOf(block) };
  if (block.type === 'image') return imageOf(block);
  throw untranslatable(block);
}

/** All of it as text. @param between what stands between two blocks. */
export function plainText(content: unknown, path: string, between: string): string {
  const blocks = blocksOf(content, path);
  for (const block of blocks) if (block.type !== 'text') throw untranslatable(block);
  return blocks.map(textOf).join(between);
}
