/** Words of one's own for long command lines. They are the desk's: whoever uses one does it with their own role. */
import type { Alias, AliasesOfDesk } from '../../commands/running.ts';
import { type Clock, stamp } from '../../engine/clock.ts';
import { UserError } from '../../engine/errors.ts';
import { nearest } from '../../engine/nearest.ts';
import {
  type Collection,
  defineCollection,
  type Store,
  type StoredDocument,
} from '../../engine/store/store.ts';

interface StoredAlias extends StoredDocument {
  readonly line: string;
  readonly by: string;
  readonly at: string;
}

const storedAliases = defineCollection<StoredAlias>('aliases');
const nameForm = /^[a-z0-9_]{1,32}$/;
const longestLine = 500;

export interface AliasesParts {
  readonly store: Store;
  readonly clock: Clock;
  /** Names of all commands. */
  readonly commands: readonly string[];
  /** @throws UserError when a command line begins with no command that there is */
  readonly checkLine: (line: string) => void;
}

export class Aliases implements AliasesOfDesk {
  readonly #parts: AliasesParts;
  readonly #records: Collection<StoredAlias>;
  readonly #aliases: Map<string, Alias>;

  private constructor(parts: AliasesParts, records: Collection<StoredAlias>, stored: readonly StoredAlias[]) {
    this.#parts = parts;
    this.#records = records;
    this.#aliases = new Map(stored.map(({ _id: name, line, by }) => [name, { name, line, by }]));
  }

  static async open(parts: AliasesParts): Promise<Aliases> {
    const records = await parts.store.collection(storedAliases);
    return new Aliases(parts, records, await records.find());
  }

  list(): readonly Alias[] {
    return [...this.#aliases.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  check({ name, line }: { readonly name: string; readonly line: string }): void {
    if (!nameForm.test(name)) throw new UserError(`"${name}" is no name: 1 to 32 of a-z, 0-9 and _.`);
    if (this.#parts.commands.includes(name)) {
      throw new UserError(`/${name} is a command, and stays one. Choose another name.`);
    }
    if (line.length > longestLine) throw new UserError(`An alias stands for at most ${longestLine} letters.`);
    const [first = ''] = withSlash(line).slice(1).split(/\s/);
    // Of /alias too: an alias that adds or performs aliases would be the recursion that there is not.
    if (this.#aliases.has(first.toLowerCase()) || first.toLowerCase() === 'alias') {
      throw new UserError(`An alias stands for a command, not for /${first.toLowerCase()}.`);
    }
    this.#parts.checkLine(withSlash(line));
  }

  async add(alias: { readonly name: string; readonly line: string }, by: string): Promise<void> {
    this.check(alias);
    const { name } = alias;
    const fields = { line: withSlash(alias.line), by, at: stamp(this.#parts.clock) };
    if (await this.#records.get(name)) await this.#records.update(name, {}, fields);
    else await this.#records.insert({ _id: name, ...fields });
    this.#aliases.set(name, { name, line: fields.line, by });
  }

  async remove(name: string): Promise<void> {
    if (!this.#aliases.has(name)) throw new UserError(this.unknown(name));
    await this.#records.remove({ _id: name });
    this.#aliases.delete(name);
  }

  /** A command that came later than an alias of its name goes first. */
  expand(typed: string): string | undefined {
    const [, name = '', rest = ''] = /^\/?(\S+)([\s\S]*)$/.exec(typed.trim()) ?? [];
    const word = name.toLowerCase();
    if (this.#parts.commands.includes(word)) return undefined;
    const alias = this.#aliases.get(word);
    return alias && `${alias.line}${rest}`;
  }

  unknown(name: string): string {
    const names = [...this.#aliases.keys()];
    const [near] = nearest(name, names, 1);
    const hint = near === undefined ? ' /alias list shows them.' : ` Did you mean ${near}?`;
    return `There is no alias "${name}".${hint}`;
  }
}

function withSlash(line: string): string {
  const trimmed = line.trim();
  return trimmed.startsWith('/') ? trimmed : `/${trimmed}`;
}
