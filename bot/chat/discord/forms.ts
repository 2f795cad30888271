/**
 * Forms as Discord's modals: text inputs and select menus, each under a label.
 *
 * Limits: https://discord.com/developers/docs/components/reference#label, a title and a label of 45 characters, a
 * description of 100, five labels, 25 choices of 100 characters, a text input of 4000.
 */
import {
  type APILabelComponent,
  type APIModalInteractionResponseCallbackData,
  ComponentType,
  type ModalSubmitInteraction,
  TextInputStyle,
} from 'discord.js';
import { splitText } from '../layout.ts';
import type { Form, FormField } from '../platform.ts';
import { printable, zeroWidthSpace } from './markdown.ts';

const limits = {
  title: 45,
  label: 45,
  description: 100,
  choice: 100,
  value: 4000,
  placeholder: 150,
} as const;

export function modalOf({ id, title, fields }: Form): APIModalInteractionResponseCallbackData {
  return { custom_id: id, title: within(title, limits.title), components: fields.map(labelOf) };
}

/** What was filled in, by the names of the fields; what was left empty is empty. */
export function filledIn({ fields }: ModalSubmitInteraction): Readonly<Record<string, string>> {
  const values = [...fields.fields.values()].flatMap((field) => {
    if (field.type === ComponentType.TextInput) return [[field.customId, field.value] as const];
    if (field.type === ComponentType.StringSelect) return [[field.customId, field.values[0] ?? ''] as const];
    return [];
  });
  return Object.fromEntries(values);
}

function labelOf(field: FormField): APILabelComponent {
  return {
    type: ComponentType.Label,
    label: within(spelledOut(field.name), limits.label),
    description: within(field.question, limits.description),
    component: field.choices ? menuOf(field, field.choices) : inputOf(field),
  };
}

function inputOf({ name, required, value }: FormField): APILabelComponent['component'] {
  return {
    type: ComponentType.TextInput,
    custom_id: name,
    style: TextInputStyle.Short,
    required,
    max_length: limits.value,
    ...(value !== undefined && value !== '' && { value: value.slice(0, limits.value) }),
  };
}

function menuOf(
  { name, required, value }: FormField,
  choices: readonly string[],
): APILabelComponent['component'] {
  return {
    type: ComponentType.StringSelect,
    custom_id: name,
    required,
    min_values: required ? 1 : 0,
    max_values: 1,
    options: choices.map((choice) => ({
      label: within(choice, limits.choice),
      value: choice.slice(0, limits.choice),
      ...(choice === value && { default: true }),
    })),
  };
}

/** `loss_per_day` as people read it. */
function spelledOut(name: string): string {
  const words = name.replaceAll('_', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

function within(text: string, limit: number): string {
  const shown = printable(text).trim() === '' ? zeroWidthSpace : printable(text);
  if (shown.length <= limit) return shown;
  return `${(splitText(shown, limit - 1)[0] ?? '').trimEnd()}…`;
}
