/** Names in one file that must exist in another: a book's broker, a plan's source and book. */
import { didYouMean } from './check.ts';
import { type ConfigDocument, type Path, valueAt } from './document.ts';
import { keyText, type Problem } from './problems.ts';

/** The files of an environment, as they are written: also of one with other mistakes, so that all are told at once. */
export interface ConfigDocuments {
  readonly desk: ConfigDocument;
  readonly books: readonly ConfigDocument[];
  readonly plans: readonly ConfigDocument[];
}

export interface KnownNames {
  readonly handlers: readonly string[];
}

export function checkReferences(documents: ConfigDocuments, names: KnownNames): Problem[] {
  const { desk, books, plans } = documents;
  const sources = keysAt(desk, ['sources']);
  const brokers = keysAt(desk, ['brokers']);
  const bookNames = namesOf(books);
  // Where desk.yaml could not be read, every name in it would seem to be missing.
  const deskIsKnown = desk.value !== undefined;
  const refer = (document: ConfigDocument, path: Path, kind: string, known: readonly string[]) =>
    unknownName(document, path, kind, known);

  return [
    ...(deskIsKnown
      ? brokers.flatMap((name) => refer(desk, ['brokers', name, 'source'], 'source in desk.yaml', sources))
      : []),
    ...(deskIsKnown ? unionMembers(desk, sources) : []),
    ...sameUsers(desk),
    ...books.flatMap((book) => [
      ...(deskIsKnown ? refer(book, ['broker'], 'broker in desk.yaml', brokers) : []),
      ...refer(book, ['handler', 'name'], 'handler', names.handlers),
      ...sendersWithoutHandler(book),
      ...(deskIsKnown ? sendersOutOfReach(book, ['senders'], desk) : []),
    ]),
    ...sendersOutOfReach(desk, ['webhook', 'senders'], desk),
    ...plans.flatMap((plan) => [
      ...refer(plan, ['book'], 'book', bookNames),
      ...(deskIsKnown ? refer(plan, ['source'], 'source in desk.yaml', sources) : []),
      ...bookHasHandler(plan, books),
    ]),
    ...sameValue(books, ['name'], (name) => `another book is named ${name} already`),
    ...sameMirage(books),
    ...sameValue(plans, ['name'], (name) => `another plan is named ${name} already`),
    ...sameValue(
      plans,
      ['book'],
      (book) => `another plan trades for the book ${book} already; each needs its own`,
    ),
  ];
}

function unknownName(
  document: ConfigDocument,
  path: Path,
  kind: string,
  known: readonly string[],
): Problem[] {
  const name = valueAt(document.value, path);
  if (typeof name !== 'string' || known.includes(name) || document.faulty.has(keyText(path))) return [];
  const there = known.length > 0 ? `there is ${known.join(', ')}` : 'there is none';
  return [
    problem(
      document,
      path,
      `there is no ${kind} named ${document.describe(path)}${didYouMean(name, known) || `; ${there}`}`,
    ),
  ];
}

/** A union sends symbols to other sources, and those are no unions: so none can send a symbol round in a circle. */
function unionMembers(desk: ConfigDocument, sources: readonly string[]): Problem[] {
  const isUnion = (name: string) => valueAt(desk.value, ['sources', name, 'type']) === 'union';
  const members = sources.filter((name) => !isUnion(name));
  return sources.filter(isUnion).flatMap((name) => {
    const own = ['sources', name];
    const symbols = keysAt(desk, [...own, 'symbols']).flatMap((symbol) => {
      const path = [...own, 'symbols', symbol];
      return [path, [...path, 'source']];
    });
    return [...symbols, [...own, 'otherwise']].flatMap((path) =>
      unknownName(desk, path, 'source in desk.yaml, other than a union,', members),
    );
  });
}

function sendersWithoutHandler(book: ConfigDocument): Problem[] {
  if (valueAt(book.value, ['handler']) !== undefined) return [];
  return ['key', 'senders']
    .filter((key) => valueAt(book.value, [key]) !== undefined)
    .map((key) =>
      problem(book, [key], 'a book that takes alerts needs a handler that decides what they mean'),
    );
}

/** Proofs that the webhook, as it is set, could never see, or would take from anybody. */
function sendersOutOfReach(document: ConfigDocument, path: Path, desk: ConfigDocument): Problem[] {
  const senders = valueAt(document.value, path);
  if (!Array.isArray(senders)) return [];
  const webhook = (key: string) => valueAt(desk.value, ['webhook', key]);
  const proxies = webhook('trustProxy');
  const trusted = Array.isArray(proxies) ? proxies.map(String) : [];
  return senders.flatMap((_, index) => {
    const at = (key: string) => [...path, index, key];
    const has = (key: string) => valueAt(document.value, at(key)) !== undefined;
    const problems: Problem[] = [];
    if (has('certificate') && valueAt(desk.value, ['webhook', 'tls', 'clientCa']) === undefined) {
      problems.push(
        problem(
          document,
          at('certificate'),
          'needs webhook.tls.clientCa in desk.yaml: who has signed the certificates',
        ),
      );
    }
    if (has('addresses') && trusted.some((range) => /\/0+$/.test(range))) {
      const text = 'webhook.trustProxy in desk.yaml trusts everybody, so everybody can claim any address';
      problems.push(problem(document, at('addresses'), text));
    } else if (has('addresses') && trusted.length === 0 && isThisMachine(webhook('host') ?? '127.0.0.1')) {
      const text =
        'webhook.host in desk.yaml takes alerts from this machine only, as from a proxy: name it in webhook.trustProxy';
      problems.push(problem(document, at('addresses'), text));
    }
    return problems;
  });
}

function isThisMachine(host: unknown): boolean {
  return typeof host === 'string' && /^(localhost|127\..*|::1)$/.test(host);
}

/** A book has one source of decisions: two would trade against each other with the same capital. */
function bookHasHandler(plan: ConfigDocument, books: readonly ConfigDocument[]): Problem[] {
  const name = valueAt(plan.value, ['book']);
  const book = books.find(({ value }) => valueAt(value, ['name']) === name && typeof name === 'string');
  if (!book || valueAt(book.value, ['handler']) === undefined) return [];
  return [
    problem(
      plan,
      ['book'],
      `the book ${plan.describe(['book'])} is traded by its handler already; give the plan its own`,
    ),
  ];
}

function sameValue(
  documents: readonly ConfigDocument[],
  path: Path,
  text: (value: string) => string,
): Problem[] {
  const seen = new Set<string>();
  return documents.flatMap((document) => {
    const value = valueAt(document.value, path);
    if (typeof value !== 'string') return [];
    if (seen.has(value)) return [problem(document, path, text(document.describe(path)))];
    seen.add(value);
    return [];
  });
}

/** An alert in Mirage's format would be for both. */
function sameMirage(books: readonly ConfigDocument[]): Problem[] {
  const seen = new Set<string>();
  return books.flatMap((book) => {
    const names = ['strategy', 'instance'].map((key) => valueAt(book.value, ['mirage', key]));
    if (!names.every((name) => typeof name === 'string')) return [];
    const both = JSON.stringify(names);
    if (seen.has(both))
      return [problem(book, ['mirage'], 'another book has this strategy and instance already')];
    seen.add(both);
    return [];
  });
}

/** With one id in two places, which role counts would hang on their order. */
function sameUsers(desk: ConfigDocument): Problem[] {
  const users = valueAt(desk.value, ['users']);
  if (!Array.isArray(users)) return [];
  return ['name', 'discord', 'telegram'].flatMap((field) => {
    const seen = new Set<unknown>();
    return users.flatMap((_, index) => {
      const path = ['users', index, field];
      const value = valueAt(desk.value, path);
      if (typeof value !== 'string' || value === '') return [];
      if (seen.has(value))
        return [problem(desk, path, `another user has this ${field === 'name' ? 'name' : 'id'} already`)];
      seen.add(value);
      return [];
    });
  });
}

function namesOf(documents: readonly ConfigDocument[]): string[] {
  return documents.map(({ value }) => valueAt(value, ['name'])).filter((name) => typeof name === 'string');
}

function keysAt(document: ConfigDocument, path: Path): string[] {
  const value = valueAt(document.value, path);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}

function problem(document: ConfigDocument, path: Path, text: string): Problem {
  return { file: document.file, line: document.lineOf(path), key: keyText(path), text };
}
