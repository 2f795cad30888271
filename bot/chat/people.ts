/**
 * Who may speak to the desk: the people of `desk.yaml`, with what was changed in chat laid over them.
 *
 * Chat can add people, and can change or take away those of the file. Who disappears from the file is gone, whatever was
 * changed about them in chat; who was added in chat stays until they are removed there.
 */
import { mayAct, type Role } from '../../commands/command.ts';
import type { Asker, PeopleOfDesk, Person, PersonChange, Reach } from '../../commands/running.ts';
import { type Clock, stamp } from '../../engine/clock.ts';
import { UserError } from '../../engine/errors.ts';
import type { Outbox } from '../../engine/events.ts';
import type { Logger } from '../../engine/log.ts';
import { nearest } from '../../engine/nearest.ts';
import {
  type Collection,
  DuplicateKeyError,
  defineCollection,
  type Store,
  type StoredDocument,
} from '../../engine/store/store.ts';
import { ClaimCode } from './claim.ts';
import type { PlatformName } from './platform.ts';

/** A person of the configuration, with an id per platform on which they may speak. */
export interface KnownUser {
  readonly name: string;
  readonly role: Role;
  readonly ids: Readonly<Partial<Record<PlatformName, string>>>;
  readonly books?: readonly string[] | undefined;
  readonly accounts?: readonly string[] | undefined;
}

/** What was changed in chat about one person. */
interface ChangedPerson extends StoredDocument {
  /** Added in chat; else a change to somebody of the file. */
  readonly added: boolean;
  readonly removed: boolean;
  readonly role: Role;
  readonly discord: string | null;
  readonly telegram: string | null;
  readonly books: readonly string[] | null;
  readonly accounts: readonly string[] | null;
  readonly by: string;
  readonly at: string;
}

const changedPeople = defineCollection<ChangedPerson>('people', { unique: [['discord'], ['telegram']] });
/** Where people speak from afar; the terminal belongs to whoever has the machine. */
const remote = ['discord', 'telegram'] as const;
const nameForm = /^[a-z][a-z0-9_-]{0,31}$/;
const idForm = /^\d{1,20}$/;

export interface PeopleParts {
  /** Those of the configuration, the terminal among them. */
  readonly users: readonly KnownUser[];
  /** Platforms that run, the terminal aside. */
  readonly platforms: readonly PlatformName[];
  /** Those that there are now. */
  readonly books: () => readonly string[];
  readonly accounts: readonly string[];
  readonly store: Store;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Logger;
}

export class People implements PeopleOfDesk {
  readonly #parts: PeopleParts;
  readonly #records: Collection<ChangedPerson>;
  readonly #listeners = new Set<() => void>();
  #changes: ReadonlyMap<string, ChangedPerson>;
  #people: readonly Person[];
  #claim: ClaimCode | undefined;
  /** One change after another: each is checked against what the one before it made. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    parts: PeopleParts,
    records: Collection<ChangedPerson>,
    stored: readonly ChangedPerson[],
  ) {
    this.#parts = parts;
    this.#records = records;
    this.#changes = new Map(stored.map((record) => [record._id, record]));
    this.#people = merged(parts.users, this.#changes);
    for (const { name } of this.#people.filter(({ ids }) => Object.keys(ids).length === 0)) {
      parts.log.warn({ user: name }, 'this user has no id on any platform, or somebody else has it');
    }
    if (parts.platforms.length > 0 && !this.#people.some(isRemote(parts.platforms))) {
      this.#claim = new ClaimCode(parts.clock);
    }
  }

  static async open(parts: PeopleParts): Promise<People> {
    const records = await parts.store.collection(changedPeople);
    return new People(parts, records, await records.find());
  }

  list(): readonly Person[] {
    return this.#people;
  }

  /** The person behind a platform's id. */
  find(platform: PlatformName, id: string): Person | undefined {
    return this.#people.find(({ ids }) => ids[platform] === id);
  }

  /** The code that makes the first admin, as long as nobody is on the list of any chat platform. */
  get claimCode(): string | undefined {
    return this.#claim?.code;
  }

  /** Calls `listener` after each change. */
  onChanged(listener: () => void): void {
    this.#listeners.add(listener);
  }

  check(change: PersonChange): { before: Person | undefined; after: Person | undefined } {
    const record = this.#recordAfter(change, 'check', '');
    const after = merged(this.#parts.users, new Map(this.#changes).set(change.name, record));
    const isAdminAfar = (person: Person) => person.role === 'admin' && isRemote(remote)(person);
    if (this.#people.some(isAdminAfar) && !after.some(isAdminAfar)) {
      throw new UserError(`${change.name} is the last admin in chat. Make somebody else an admin first.`);
    }
    const named = (people: readonly Person[]) => people.find(({ name }) => name === change.name);
    return { before: named(this.#people), after: named(after) };
  }

  change(change: PersonChange, by: string): Promise<void> {
    return this.#inTurn(async () => {
      const { before, after } = this.check(change);
      await this.#store(this.#recordAfter(change, by, stamp(this.#parts.clock)));
      await this.#tell(by, textOf(change.name, before, after));
    });
  }

  claim(asker: Asker, code: string): Promise<Person> {
    return this.#inTurn(async () => {
      const claim = this.#claim;
      if (!claim) throw new UserError('There is nothing to claim: this desk has its people. Ask an admin.');
      claim.prove(`${asker.platform}:${asker.id}`, code);
      const platform = remote.find((name) => name === asker.platform);
      if (!platform) throw new UserError('The first admin is claimed on Discord or Telegram.');
      const name = freeName(asker.name, [...this.#parts.users, ...this.#people]);
      await this.#store({
        _id: name,
        added: true,
        removed: false,
        role: 'admin',
        discord: null,
        telegram: null,
        [platform]: asker.id,
        books: null,
        accounts: null,
        by: name,
        at: stamp(this.#parts.clock),
      });
      this.#claim = undefined;
      await this.#tell(name, `${name} claimed the desk on ${platform}, and is its first admin`);
      const person = this.find(platform, asker.id);
      if (!person) throw new Error(`${name} was stored and is not there`);
      return person;
    });
  }

  /** What is stored about somebody after a change. @throws UserError for what cannot be */
  #recordAfter(change: PersonChange, by: string, at: string): ChangedPerson {
    const { name } = change;
    const known = this.#people.find((person) => person.name === name);
    if (change.type === 'add') {
      if (known)
        throw new UserError(`There is a user ${name} already. /user role and /user limit change them.`);
      this.#checkNew(change);
      const { discord = null, telegram = null } = change.ids;
      const limits = this.#checkedReach(change, change.role);
      return {
        _id: name,
        added: true,
        removed: false,
        role: change.role,
        discord,
        telegram,
        ...limits,
        by,
        at,
      };
    }
    if (!known) throw new UserError(this.#unknown(name));
    if (!isRemote(remote)(known)) {
      throw new UserError(`${name} sits at the machine: what they may do stands in desk.yaml.`);
    }
    const added = this.#changes.get(name)?.added ?? false;
    const { discord = null, telegram = null } = added ? known.ids : {};
    const { role, books, accounts } = known;
    const now = { _id: name, added, removed: false, role, discord, telegram, books, accounts, by, at };
    switch (change.type) {
      case 'remove':
        // The ids are given free, so that they can be added again under another name.
        return { ...now, removed: true, discord: null, telegram: null };
      case 'role':
        return { ...now, role: change.role, ...this.#checkedReach(known, change.role) };
      case 'limit':
        return { ...now, ...this.#checkedReach(change, role) };
    }
  }

  #checkNew({ name, ids }: Extract<PersonChange, { type: 'add' }>): void {
    if (!nameForm.test(name)) {
      throw new UserError(`"${name}" is no name: 1 to 32 of a-z, 0-9, - and _, beginning with a letter.`);
    }
    // In the file, and taken away in chat: under the same name two would be one.
    if (this.#parts.users.some((user) => user.name === name)) {
      throw new UserError(`${name} stands in desk.yaml and was removed in chat. Choose another name.`);
    }
    const given = Object.entries(ids);
    if (given.length === 0)
      throw new UserError('Give the id on Discord or Telegram: it is how they are known.');
    for (const [platform, id] of given) {
      if (!idForm.test(id)) throw new UserError(`The ${platform} id must be digits, not "${id}".`);
      const owner = this.find(platform as PlatformName, id);
      if (owner) throw new UserError(`That ${platform} id is ${owner.name}'s.`);
    }
  }

  /** @throws UserError for what does not exist, and for limits on an admin, who could take them away */
  #checkedReach({ books, accounts }: Reach, role: Role): Reach {
    if (mayAct(role, 'admin') && (books || accounts)) {
      throw new UserError('An admin cannot be limited: they could change it. Give them another role.');
    }
    for (const [kind, names, known] of [
      ['book', books, this.#parts.books()],
      ['account', accounts, this.#parts.accounts],
    ] as const) {
      for (const name of names ?? []) {
        if (known.includes(name)) continue;
        const [near] = nearest(name, known, 1);
        const hint =
          near === undefined ? ` There is ${known.join(', ') || 'none'}.` : ` Did you mean ${near}?`;
        throw new UserError(`There is no ${kind} "${name}".${hint}`);
      }
    }
    return { books: books && [...books], accounts: accounts && [...accounts] };
  }

  #unknown(name: string): string {
    const names = this.#people.map((person) => person.name);
    const [near] = nearest(name, names, 1);
    return `There is no user "${name}".${near === undefined ? ` Users: ${names.join(', ')}.` : ` Did you mean ${near}?`}`;
  }

  async #store({ _id, ...fields }: ChangedPerson): Promise<void> {
    try {
      if (await this.#records.get(_id)) await this.#records.update(_id, {}, fields);
      else await this.#records.insert({ _id, ...fields });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      throw new UserError('Somebody else has this id. /user list shows who.', { cause: error });
    }
    this.#changes = new Map(this.#changes).set(_id, { _id, ...fields });
    this.#people = merged(this.#parts.users, this.#changes);
  }

  async #tell(by: string, text: string): Promise<void> {
    for (const listener of this.#listeners) listener();
    await this.#parts.outbox.publish({ type: 'desk.changed', text, by });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined); // the caller hears of it; the next one still gets its turn
    return done;
  }
}

function merged(users: readonly KnownUser[], changes: ReadonlyMap<string, ChangedPerson>): Person[] {
  const ofFile = users.flatMap((user): Person[] => {
    const { name, role, books = null, accounts = null } = user;
    const ids = withoutUndefined(user.ids);
    const change = changes.get(name);
    if (!change || change.added) return [{ name, role, ids, books, accounts, origin: 'desk.yaml' }];
    if (change.removed) return [];
    const origin = `desk.yaml, changed ${whenOf(change)}`;
    return [{ name, ids, role: change.role, books: change.books, accounts: change.accounts, origin }];
  });
  const added = [...changes.values()].flatMap((change): Person[] => {
    const { _id: name, role, books, accounts } = change;
    // The file goes first: in a name as in an id.
    if (!change.added || change.removed || ofFile.some((person) => person.name === name)) return [];
    const ids = Object.fromEntries(
      remote.flatMap((platform) => {
        const id = change[platform];
        return id === null || ofFile.some((person) => person.ids[platform] === id) ? [] : [[platform, id]];
      }),
    );
    return [{ name, role, ids, books, accounts, origin: `added ${whenOf(change)}` }];
  });
  return [...ofFile, ...added];
}

function whenOf({ by, at }: ChangedPerson): string {
  return `in chat by ${by} on ${at.slice(0, 10)}`;
}

function isRemote(platforms: readonly string[]): (person: Person) => boolean {
  return ({ ids }) => platforms.some((platform) => platform !== 'console' && ids[platform] !== undefined);
}

function withoutUndefined(ids: KnownUser['ids']): Record<string, string> {
  return Object.fromEntries(Object.entries(ids).filter(([, id]) => id !== undefined));
}

/** The platform's name of somebody as a name of the desk that nobody has. */
function freeName(shown: string, people: readonly { readonly name: string }[]): string {
  const plain = shown
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 28);
  const base = plain === '' ? 'admin' : plain;
  const taken = (name: string) => people.some((person) => person.name === name);
  for (let count = 1; ; count++) {
    const name = count === 1 ? base : `${base}-${count}`;
    if (!taken(name)) return name;
  }
}

/** What a change means, in a line for the other admins. */
function textOf(name: string, before: Person | undefined, after: Person | undefined): string {
  if (!after) return `${name} was removed: the desk does not answer them any more`;
  if (!before) return `${name} was added as ${after.role}${reachText(after)}`;
  if (before.role !== after.role) return `${name} was ${before.role} and is ${after.role}${reachText(after)}`;
  return `${name} (${after.role}) is limited anew${reachText(after) || ': to nothing'}`;
}

function reachText({ books, accounts }: Reach): string {
  const parts = [
    ...(books ? [`books ${books.join(', ') || 'none'}`] : []),
    ...(accounts ? [`accounts ${accounts.join(', ') || 'none'}`] : []),
  ];
  return parts.length === 0 ? '' : `, limited to ${parts.join(' and ')}`;
}
