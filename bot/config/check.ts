/** A document against its schema: what zod finds, said in the words of somebody who edits YAML. */
import { z } from 'zod';
import { nearest } from '../../engine/nearest.ts';
import { type ConfigDocument, type Path, valueAt } from './document.ts';
import { keyText, type Problem } from './problems.ts';

/** The checked value, or undefined and what is wrong with it. */
export interface Checked<T> {
  readonly value: T | undefined;
  readonly problems: readonly Problem[];
}

export function check<T>(schema: z.ZodType<T>, document: ConfigDocument): Checked<T> {
  if (document.value === undefined) return { value: undefined, problems: [] };
  const result = schema.safeParse(document.value ?? {}, { error: rule });
  if (result.success) return { value: result.data, problems: [] };
  const problems = result.error.issues
    .flatMap((issue) => problemsOf(issue, schema, document))
    .filter(({ key }) => !document.faulty.has(key));
  return { value: undefined, problems };
}

/** What may stand there, for issues whose schema does not say it in its own words. */
function rule(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return mustBe(issue.values.map(String), issue.input);
    case 'too_small':
      return issue.origin === 'number'
        ? `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`
        : `must have at least ${issue.minimum} ${issue.origin === 'string' ? 'characters' : 'entries'}`;
    case 'too_big':
      return issue.origin === 'number'
        ? `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`
        : `must have at most ${issue.maximum} ${issue.origin === 'string' ? 'characters' : 'entries'}`;
    case 'invalid_union': {
      const types = issue.errors.map(([first]) => first?.message.replace(/^must be /, '') ?? '');
      return types.length > 0 ? `must be ${[...new Set(types)].join(' or ')}` : 'is none of the known kinds';
    }
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'is not a name that can stand here';
    default:
      return 'is not valid';
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text (in quotes)',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a section with keys',
  record: 'a section with keys',
};

function mustBe(allowed: readonly string[], found: unknown): string {
  return `must be ${allowed.join(', ')}${didYouMean(found, allowed)}`;
}

/** `; did you mean "paper"?`, or nothing. */
export function didYouMean(found: unknown, known: readonly string[]): string {
  const near = typeof found === 'string' ? nearest(found, known, 1)[0] : undefined;
  return near === undefined ? '' : `; did you mean "${near}"?`;
}

function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodType, document: ConfigDocument): Problem[] {
  const { file } = document;
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, issue.path, document.value);
    return issue.keys.map((unknown) => {
      const path = [...issue.path, unknown];
      const allowed = known.length > 0 ? `; allowed: ${known.join(', ')}` : '';
      return {
        file,
        line: document.lineOf(path),
        key: keyText(path),
        text: `is not a key that is known here${didYouMean(unknown, known) || allowed}`,
      };
    });
  }
  const place = { file, line: document.lineOf(issue.path), key: keyText(issue.path) };
  if (issue.code === 'invalid_key') return [{ ...place, text: `this name ${issue.message}` }];
  if (valueAt(document.value, issue.path) === undefined) {
    return [{ ...place, text: `is missing; ${ruleAt(issue, schema, document)}` }];
  }
  return [{ ...place, text: `found ${document.describe(issue.path)}; ${ruleAt(issue, schema, document)}` }];
}

/** zod does not tell which kinds a discriminated union knows. */
function ruleAt(issue: z.core.$ZodIssue, schema: z.ZodType, document: ConfigDocument): string {
  if (issue.code !== 'invalid_union' || issue.errors.length > 0) return issue.message;
  const kinds = variants(schema, issue.path.slice(0, -1), document.value).flatMap((variant) => {
    const discriminator = variant.shape[String(issue.path.at(-1))];
    return discriminator instanceof z.ZodLiteral ? [...discriminator.values].map(String) : [];
  });
  return kinds.length > 0 ? mustBe(kinds, valueAt(document.value, issue.path)) : issue.message;
}

function knownKeys(schema: z.ZodType, path: Path, value: unknown): string[] {
  return [...new Set(variants(schema, path, value).flatMap(({ shape }) => Object.keys(shape)))];
}

/** The object schemas that may stand at a path; where the value's `type` chooses one, only that. */
function variants(schema: z.core.$ZodType, path: Path, value: unknown): z.ZodObject[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return variants(schema.unwrap(), path, value);
  }
  if (schema instanceof z.ZodUnion) {
    const all = schema.options.flatMap((option) => variants(option, path, value));
    const type = valueAt(value, ['type']);
    const chosen = all.filter(
      ({ shape }) => shape['type'] instanceof z.ZodLiteral && shape['type'].values.has(String(type)),
    );
    return chosen.length > 0 ? chosen : all;
  }
  const [step, ...rest] = path;
  if (step === undefined) return schema instanceof z.ZodObject ? [schema] : [];
  const inside = valueAt(value, [step]);
  if (schema instanceof z.ZodObject) {
    const next = schema.shape[String(step)];
    return next ? variants(next, rest, inside) : [];
  }
  if (schema instanceof z.ZodArray) return variants(schema.element, rest, inside);
  if (schema instanceof z.ZodRecord) return variants(schema.valueType, rest, inside);
  return [];
}
