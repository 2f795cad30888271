/** What the desk keeps, as CSV files with every field of it, the newest first. */
import { ledgerCollection } from '../bank/ledger.ts';
import { tradeCollection } from '../bank/trades.ts';
import { operationCollection } from '../execution/operation.ts';
import { fillCollection, orderCollection } from '../execution/order.ts';
import type { Json, Store, StoredDocument } from '../store/store.ts';
import { type Collection, type CollectionDefinition, defineCollection, type Filter } from '../store/store.ts';
import { type Cell, csvFile } from './csv-file.ts';
import type { ReportFile } from './report-file.ts';

/** What may be exported: the collection, and the field that says when a document came to be. */
interface Exported {
  readonly definition: CollectionDefinition<StoredDocument>;
  readonly at: string;
  /** Columns that the file has beside the fields of its documents, also where no document has them. */
  beside?(records: Collection<Fields>): Promise<Beside>;
}

/** Columns by their names, and what stands in them for a document. */
type Beside = Readonly<Record<string, (document: Fields) => Json | undefined>>;

/** A document as an export sees it. */
type Fields = StoredDocument & Readonly<Record<string, Json | undefined>>;

const exported = {
  trades: exporting(tradeCollection, 'closed'),
  orders: exporting(orderCollection, 'askedAt'),
  fills: exporting(fillCollection, 'at'),
  ledger: exporting(ledgerCollection, 'at'),
  operations: exporting(operationCollection, 'askedAt'),
  // By their names alone: they are kept above this floor.
  signals: { definition: defineCollection('signals'), at: 'receivedAt', beside: replaysOfSignals },
  runs: { definition: defineCollection('runs'), at: 'startedAt' },
} as const satisfies Record<string, Exported>;

export type RecordKind = keyof typeof exported;
export const recordKinds = Object.keys(exported) as readonly RecordKind[];

export interface RecordsRequest {
  readonly kind: RecordKind;
  /** First and last day, midnight UTC. */
  readonly from?: Date;
  readonly to?: Date;
  readonly book?: string;
}

export interface ExportedRecords {
  readonly file: ReportFile;
  readonly rows: number;
  /** There are more than fit a file: the oldest are missing. */
  readonly isCut: boolean;
}

/** More than any spreadsheet shows (1,048,576 rows), and a memory that a small machine has. */
const mostRows = 200_000;
const pageSize = 2_000;

/** Without any rows when nothing was kept in the period. */
export async function exportRecords(
  store: Store,
  { kind, from, to, book }: RecordsRequest,
  most = mostRows,
): Promise<ExportedRecords> {
  const { definition, at, beside }: Exported = exported[kind];
  const records = await store.collection(definition as unknown as CollectionDefinition<Fields>);
  const range = {
    ...(from && { gte: from.toISOString() }),
    ...(to && { lt: dayAfter(to).toISOString() }),
  };
  const filter = {
    ...((from ?? to) && { [at]: range }),
    ...(book !== undefined && { book }),
  } as Filter<Fields>;
  const documents: Fields[] = [];
  for (;;) {
    const page = await records.find(filter, {
      sort: [[at, 'descending']],
      limit: Math.min(pageSize, most + 1 - documents.length),
      skip: documents.length,
    });
    documents.push(...page);
    if (page.length < pageSize || documents.length > most) break;
  }
  const isCut = documents.length > most;
  const shown = isCut ? documents.slice(0, most) : documents;
  const more = (await beside?.(records)) ?? {};
  const columns = [...new Set([...columnsOf(shown), ...Object.keys(more)])];
  const rows = shown.map((document) =>
    columns.map((name) => cellOf(more[name] ? more[name](document) : document[name])),
  );
  const name = [kind, ...(book === undefined ? [] : [book])];
  return { file: csvFile(name, columns, rows), rows: rows.length, isCut };
}

/** The day that begins when this one ends, in UTC. */
export function dayAfter(day: Date): Date {
  return new Date(day.getTime() + 86_400_000);
}

/** Of which signal one is the replay, and by which it was replayed: the two lead to each other. */
async function replaysOfSignals(signals: Collection<Fields>): Promise<Beside> {
  const replays = await signals.find({ replayOf: { exists: true } } as Filter<Fields>);
  const byReplayed = new Map(replays.map(({ _id, replayOf }) => [replayOf, _id]));
  return { replayOf: ({ replayOf }) => replayOf, replayedAs: ({ _id }) => byReplayed.get(_id) };
}

/** Every field that any of them has, in the order in which they come. */
function columnsOf(documents: readonly Fields[]): string[] {
  return [...new Set(documents.flatMap((document) => Object.keys(document)))];
}

/** What is more than one value is JSON: `{"type":"market"}`. */
function cellOf(value: Json | undefined): Cell {
  if (value === undefined || value === null) return null;
  return typeof value === 'object' ? JSON.stringify(value) : value;
}

function exporting<T extends StoredDocument>(
  definition: CollectionDefinition<T>,
  at: keyof T & string,
): Exported {
  return { definition: definition as unknown as CollectionDefinition<StoredDocument>, at };
}
