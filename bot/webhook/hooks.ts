/**
 * The hooks: `/hooks/<book>` for each book that takes alerts, and `/hooks` for alerts that name their book, each with those
 * who may send there.
 *
 * A book with senders of its own, or with a key, takes alerts from them only; any other one from those of the desk.
 */
import type { BookFile } from '../config/book.ts';
import type { WebhookSettings } from '../config/desk.ts';
import type { SenderSettings } from '../config/senders.ts';
import { decoyOf, prove } from './auth/index.ts';
import type { Arrival, Finding } from './auth/way.ts';

/** A hook by its book; undefined is that of the desk. */
export type HookName = string | undefined;

export class Hooks {
  #hooks: ReadonlyMap<HookName, readonly SenderSettings[]>;
  /** Every entry that there is, each with one that nobody can fulfil. */
  #entries: readonly { readonly real: SenderSettings; readonly decoy: SenderSettings }[];

  constructor(hooks: ReadonlyMap<HookName, readonly SenderSettings[]>) {
    this.#hooks = hooks;
    const entries = new Set([...hooks.values()].flat());
    this.#entries = [...entries].map((real) => ({ real, decoy: decoyOf(real) }));
  }

  /** From now on they are these: books and their senders were changed in chat. */
  become(others: Hooks): void {
    this.#hooks = others.#hooks;
    this.#entries = others.#entries;
  }

  has(name: HookName): boolean {
    return this.#hooks.has(name);
  }

  /** The books for which a sender at this hook may speak. */
  reach(name: HookName): readonly string[] {
    if (name !== undefined) return [name];
    const ofDesk = this.#hooks.get(undefined);
    return [...this.#hooks].flatMap(([book, entries]) =>
      book !== undefined && entries === ofDesk ? [book] : [],
    );
  }

  /**
   * Whether somebody who may send to this hook has sent this. Every entry of the desk is looked at, for the others a decoy in
   * its place: so a book that does not exist takes as long as one that does.
   */
  prove(name: HookName, arrival: Arrival): Finding {
    const own = this.#hooks.get(name) ?? [];
    const findings = this.#entries.map(({ real, decoy }) => {
      const isOwn = own.includes(real);
      return { isOwn, finding: prove(isOwn ? real : decoy, arrival) };
    });
    const proof = findings.find(({ isOwn, finding }) => isOwn && finding.proved);
    if (proof) return proof.finding;
    const whys = findings.flatMap(({ isOwn, finding }) =>
      finding.proved || (own.length > 0 && !isOwn) ? [] : [finding.why],
    );
    return { proved: false, why: [...new Set(whys)].join(', or ') || 'no way to prove its sender' };
  }
}

export function hooksOf(books: readonly BookFile[], webhook: WebhookSettings): Hooks {
  const hooks = new Map<HookName, readonly SenderSettings[]>();
  if (webhook.senders) hooks.set(undefined, webhook.senders);
  for (const { name, handler, key, senders } of books) {
    if (!handler) continue;
    const own = [...(key === undefined ? [] : [{ key }]), ...(senders ?? [])];
    const entries = own.length > 0 ? own : webhook.senders;
    if (entries) hooks.set(name, entries);
  }
  return new Hooks(hooks);
}
