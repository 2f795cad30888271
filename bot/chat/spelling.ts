/** Commands as text and as plain values: for the audit, for buttons, and for telling what was cancelled. */
import type { ParsedValue, RawValue } from '../../commands/options.ts';
import { UploadedFile } from '../../commands/uploaded-file.ts';
import type { IncomingCommand, IncomingForm, IncomingPress } from './platform.ts';

const secretWord = /((?:key|token|secret|password|passphrase|senders)s?\b).*/is;

/** A text in which somebody may have typed a secret, as far as can be told without understanding it. */
export function mayHoldSecret(text: string): boolean {
  return secretWord.test(text);
}

export type RawOptions = Readonly<Record<string, RawValue>>;

/** The command in its typed form, for the audit and for telling what was cancelled. */
export function spell(words: readonly string[], options: Readonly<Record<string, ParsedValue>>): string {
  const pairs = Object.entries(toRaw(options)).map(([name, value]) => `${name}=${value}`);
  return [`/${words.join(' ')}`, ...pairs].join(' ');
}

export function without<T>(
  options: Readonly<Record<string, T>>,
  secrets: readonly string[],
): Record<string, T | string> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, secrets.includes(name) ? '(secret)' : value]),
  );
}

/** Options as they can be stored and checked again later. */
export function toRaw(options: Readonly<Record<string, ParsedValue>>): RawOptions {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => {
      if (value instanceof Date) return [name, value.toISOString().slice(0, 10)];
      if (value instanceof UploadedFile) return [name, value.name];
      if (typeof value !== 'object') return [name, value];
      return [
        name,
        Object.entries(value)
          .map((pair) => pair.join('='))
          .join(' '),
      ];
    }),
  );
}

/** What was sent, for the audit of something that was not understood. */
export function describe(from: IncomingCommand | IncomingPress | IncomingForm): string {
  if ('buttonId' in from) return '(button)';
  if ('formId' in from) return '(form)';
  if (from.input.kind === 'structured') return `/${from.input.command.join(' ')}`;
  // A command with a mistake in it may hold a secret all the same.
  return from.input.text.slice(0, 500).replace(secretWord, '$1 …');
}
