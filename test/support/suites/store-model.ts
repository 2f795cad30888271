/**
 * The store's contract once more, as plainly as it can be said: documents in an array, filters by hand. What a real store answers is
 * compared with this.
 */
import type { Json } from '../../../engine/store/store.ts';

export interface ModelDocument {
  readonly _id: string;
  readonly [field: string]: Json | undefined;
}

export type ModelCondition =
  | Json
  | { readonly in: readonly Json[] }
  | { readonly lt?: Json; readonly lte?: Json; readonly gt?: Json; readonly gte?: Json; readonly ne?: Json }
  | { readonly exists: boolean };

export type ModelFilter = { readonly [field: string]: ModelCondition };

export function fulfils(document: ModelDocument, filter: ModelFilter): boolean {
  return Object.entries(filter).every(([field, condition]) => holds(document[field] ?? null, condition));
}

function holds(value: Json, condition: ModelCondition): boolean {
  if (typeof condition !== 'object' || condition === null) return value === condition;
  return Object.entries(condition).every(([operator, operand]) => {
    switch (operator) {
      case 'in':
        return (operand as readonly Json[]).includes(value);
      case 'ne':
        return value !== operand;
      case 'exists':
        return (value !== null) === operand;
      default:
        return typeof value === typeof operand && ordered(operator, compare(value, operand as Json));
    }
  });
}

function ordered(operator: string, order: number): boolean {
  if (operator === 'lt') return order < 0;
  if (operator === 'lte') return order <= 0;
  return operator === 'gt' ? order > 0 : order >= 0;
}

/** null, then numbers, then text by its UTF-8 bytes; booleans among themselves. */
export function compare(a: Json, b: Json): number {
  const byRank = rank(a) - rank(b);
  if (byRank !== 0) return byRank;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return Number(a) - Number(b);
}

function rank(value: Json): number {
  if (value === null) return 0;
  return typeof value === 'string' ? 2 : 1;
}

export function sorted(
  documents: readonly ModelDocument[],
  sort: readonly (readonly [string, 'ascending' | 'descending'])[],
): ModelDocument[] {
  const last = sort.at(-1)?.[1] ?? 'ascending';
  return documents.toSorted((a, b) => {
    for (const [field, direction] of [...sort, ['_id', last] as const]) {
      const order = compare(a[field] ?? null, b[field] ?? null);
      if (order !== 0) return direction === 'ascending' ? order : -order;
    }
    return 0;
  });
}
