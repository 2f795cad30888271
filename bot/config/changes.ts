/**
 * A value that was changed in chat, put into the YAML of its file before anything else looks at it: so it is checked,
 * shown and exported as if it stood there.
 */
import { Document, isMap, isScalar, isSeq, type Node, parseDocument, visit } from 'yaml';
import { UserError } from '../../engine/errors.ts';
import { isSecretKey, passwordsIn } from './secrets.ts';

export interface ValueChange {
  /** `limits.order` */
  readonly key: string;
  /** YAML; null: the key is taken away. */
  readonly value: string | null;
}

const keyForm = /^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/;
const longestValue = 4000;

/** @throws UserError for what is no key */
export function pathOfKey(key: string): readonly string[] {
  if (!keyForm.test(key)) throw new UserError(`"${key}" is no key such as limits.order.`);
  return key.split('.');
}

/** @throws UserError for what is not plain YAML */
export function parseValue(text: string): Node {
  if (text.length > longestValue) throw new UserError(`A value has at most ${longestValue} letters.`);
  // An environment variable that is named in chat would be shown in chat.
  if (text.includes('${'))
    throw new UserError('Variables ($ and a name in braces) can be used in files only.');
  const document = parseDocument(text, { prettyErrors: false });
  const { contents } = document;
  if (document.errors.length > 0 || document.warnings.length > 0 || !contents) {
    throw new UserError(
      'The value is not plain text, a number, a list such as [A, B] or a section such as {a: 1}.',
    );
  }
  visit(document, {
    // Its places are those of another text.
    Node: (_, node) => {
      node.range = null;
      if ('anchor' in node && node.anchor !== undefined)
        throw new UserError('The value may not use & and *.');
    },
    Alias: () => {
      throw new UserError('The value may not use & and *.');
    },
  });
  return contents as Node;
}

/** @throws when the document has something else than a section where the key wants one */
export function applyChange(document: Document, { key, value }: ValueChange): void {
  const path = pathOfKey(key);
  if (value === null) {
    if (document.hasIn(path)) document.deleteIn(path);
    return;
  }
  document.setIn(path, parseValue(value));
}

/**
 * A whole file of these settings.
 * @throws UserError for what is no key, or not plain YAML
 */
export function textOf(settings: Readonly<Record<string, string>>): string {
  const document = new Document({});
  for (const [key, value] of Object.entries(settings)) applyChange(document, { key, value });
  return String(document);
}

/** The YAML without secrets, and without comments, in which there may be some. Variables keep their names. */
export function exportText(document: Document): string {
  const copy = document.clone();
  copy.commentBefore = null;
  copy.comment = null;
  visit(copy, {
    // One function for all kinds of nodes: a visitor for one kind would take it away from this one.
    Node: (place, node, ancestors) => {
      node.commentBefore = null;
      node.comment = null;
      if (place === 'key' || !isScalar(node) || typeof node.value !== 'string') return;
      const text = node.value;
      if (/^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/.test(text)) return;
      // A default behind a variable may be the secret itself.
      const mayHide = /\$\{[^}]*:-/.test(text) || passwordsIn(text).length > 0;
      if (mayHide || isSecretKey(pathNames([...ancestors, node]))) node.value = leftOut;
    },
  });
  return String(copy);
}

const leftOut = '(left out)';

function pathNames(chain: readonly unknown[]): PropertyKey[] {
  const names: PropertyKey[] = [];
  chain.forEach((part, index) => {
    const child = chain[index + 1];
    if (isSeq(part)) names.push(part.items.indexOf(child));
    else if (isMap(part)) return;
    else if (typeof part === 'object' && part !== null && 'key' in part && 'value' in part) {
      names.push(isScalar(part.key) ? String(part.key.value) : String(part.key));
    }
  });
  return names;
}
