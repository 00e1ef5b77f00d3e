/** Tools of the Messages API as functions of chat completions, and who may choose among them. Pure. */
import { untranslatable } from './chat-content.ts';
import { type Loose, listAt, objectAt, textAt, wrongField } from './read-fields.ts';

function functionOf(value: unknown, path: string): Loose {
  const { type, name, description, input_schema, strict } = objectAt(value, path);
  // Tools that Anthropic runs itself, or has trained its models on, have a type with a date.
  if (type !== undefined && type !== null && type !== 'custom') throw untranslatable({ type: String(type), path });
  return {
    type: 'function',
    function: {
      name: textAt(name, `${path}.name`),
      ...(description !== undefined && { description: textAt(description, `${path}.description`) }),
      parameters: objectAt(input_schema, `${path}.input_schema`),
      ...(typeof strict === 'boolean' && { strict }),
    },
  };
}

function choiceOf(choice: Loose): unknown {
  const { type, name } = choice;
  if (type === 'auto' || type === 'none') return type;
  if (type === 'any') return 'required';
  if (type === 'tool') return { type: 'function', function: { name: textAt(name, 'tool_choice.name') } };
  throw wrongField('tool_choice.type', "Input should be 'auto', 'any', 'tool' or 'none'");
}

/** The fields of a chat call for these tools; none for no tools, since a choice among none is refused. */
export function chatTools(tools: unknown, choice: unknown): Loose {
  if (tools === undefined || tools === null) return {};
  const functions = listAt(tools, 'tools').map((tool, index) => functionOf(tool, `tools.${index}`));
  if (functions.length === 0) return {};
  if (choice === undefined || choice === null) return { tools: functions };
  const chosen = objectAt(choice, 'tool_choice');
  return {
    tools: functions,
    tool_choice: choiceOf(chosen),
    ...(chosen.disable_parallel_tool_use === true && { parallel_tool_calls: false }),
  };
}
