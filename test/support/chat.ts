/** The router with people who type and press, without any platform. */

import { Access } from '../../bot/chat/access.ts';
import { Actions } from '../../bot/chat/actions.ts';
import { Agreements } from '../../bot/chat/agreements.ts';
import { Aliases } from '../../bot/chat/aliases.ts';
import { Answers } from '../../bot/chat/answers.ts';
import { Audit } from '../../bot/chat/audit.ts';
import { Digests } from '../../bot/chat/digest.ts';
import { Notices, nameOf } from '../../bot/chat/notices.ts';
import { type KnownUser, People } from '../../bot/chat/people.ts';
import type {
  ChatUser,
  Form,
  IncomingFiles,
  Message,
  Placement,
  Responder,
} from '../../bot/chat/platform.ts';
import { Router } from '../../bot/chat/router.ts';
import { Uploads } from '../../bot/chat/uploads.ts';
import { Wizards } from '../../bot/chat/wizards.ts';
import { Zones } from '../../bot/chat/zones.ts';
import { Vault } from '../../bot/config/vault.ts';
import type { Command, Host } from '../../commands/command.ts';
import { resolveCommand } from '../../commands/options.ts';
import { plainText } from '../../commands/reply.ts';
import type { SettingsOfDesk } from '../../commands/running.ts';
import { Times } from '../../commands/times.ts';
import { parseTyped } from '../../commands/typed.ts';
import type { Desk } from '../../engine/desk.ts';
import { Outbox } from '../../engine/events.ts';
import { type Logger, silentLog } from '../../engine/log.ts';
import type { Store } from '../../engine/store/store.ts';
import { ManualClock } from './clock.ts';

export const people: readonly KnownUser[] = [
  { name: 'ann', role: 'admin', ids: { discord: '1', telegram: '11' } },
  { name: 'tom', role: 'trader', ids: { discord: '2' } },
  { name: 'vera', role: 'viewer', ids: { discord: '3' } },
];
const group = { id: 'desk-room', private: false };

/** What one command or press was answered with. */
export interface Answer {
  readonly placement: Placement | 'refused' | undefined;
  /** Everything that was shown, oldest first. */
  readonly shown: readonly Message[];
  /** The words of what stands there in the end. */
  readonly text: string;
  /** The form that was opened in place of a message. */
  readonly form: Form | undefined;
  button(label: string): string;
}

export async function chatDesk({
  store,
  commands,
  clock = new ManualClock(),
  desk = {} as Desk,
  log = silentLog,
  users = people,
  settings = {} as SettingsOfDesk,
  forms = false,
  twoPersons = [],
}: {
  store: Store;
  commands: readonly Command[];
  clock?: ManualClock;
  desk?: Desk;
  log?: Logger;
  users?: readonly KnownUser[];
  settings?: SettingsOfDesk;
  /** Commands that two people must confirm. */
  twoPersons?: readonly string[];
  /** The platform has forms. */
  forms?: boolean;
}) {
  const outbox = await Outbox.open(store, clock);
  const peopleOfDesk = await People.open({
    users,
    platforms: ['discord'],
    books: () => ['demo', 'rotation'],
    accounts: ['paper', 'other'],
    store,
    outbox,
    clock,
    log,
  });
  const access = await Access.open({
    people: peopleOfDesk,
    groups: new Map([['discord', [group.id]]]),
    store,
    outbox,
    clock,
    log,
  });
  const actions = await Actions.open(store, clock);
  const audit = await Audit.open(store, clock);
  const notices = await Notices.open({
    store,
    people: peopleOfDesk,
    configured: [{ platform: 'discord', kind: 'chat', id: group.id }],
    platforms: ['discord'],
    threaded: ['discord'],
    bookOf: () => undefined,
  });
  const zones = await Zones.open(store, 'UTC');
  const digests = await Digests.open({
    ...{ store, desk, notices, people: peopleOfDesk, platforms: [], clock, log },
    timesOf: (address) => new Times(zones.forReader({ chat: nameOf(address) }), clock),
  });
  const host: Host = {
    version: '0.0.0',
    environment: 'test',
    startedAt: clock.now(),
    commands,
    platforms: () => [],
    webhook: () => 'none',
    terminate: () => undefined,
    restart: () => undefined,
    settings,
    notices,
    digests,
    mail: { addresses: () => [], test: async () => undefined },
    people: peopleOfDesk,
    zones,
    audit,
    log: { tail: async () => [] },
    aliases: await Aliases.open({
      store,
      clock,
      commands: commands.map(({ name }) => name),
      checkLine: (line) => void resolveCommand(parseTyped(line).positional, commands),
    }),
  };
  const uploads = await Uploads.open(store, clock);
  const vault = new Vault({ passphrase: 'a phrase for this test', keyFile: '/nowhere' });
  const agreements = await Agreements.open({ store, commands: twoPersons, outbox, clock });
  const wizards = await Wizards.open(store, clock);
  const answers = new Answers();
  const router = new Router({
    ...{ commands, desk, host, access, actions, agreements, wizards, uploads, audit, vault, clock, log },
    answers,
  });

  /** The person of this name; anybody else is a stranger. */
  const userNamed = (name: string): ChatUser => {
    const id = users.find((person) => person.name === name)?.ids.discord ?? '999';
    return { platform: 'discord', id, name };
  };
  const incoming = (name: string) => ({ user: userNamed(name), chat: group, sentAt: clock.now() });
  return {
    clock,
    outbox,
    audit,
    access,
    answers,
    people: peopleOfDesk,
    host,
    router,
    async types(
      name: string,
      text: string,
      changes: { sentAt?: Date; chat?: typeof group; files?: IncomingFiles } = {},
    ): Promise<Answer> {
      const { responder, answer } = listener(forms);
      await router.onCommand({ ...incoming(name), ...changes, input: { kind: 'typed', text } }, responder);
      return answer();
    },
    async presses(name: string, buttonId: string, changes: { sentAt?: Date } = {}): Promise<Answer> {
      const { responder, answer } = listener(forms);
      await router.onPress({ ...incoming(name), ...changes, buttonId }, responder);
      return answer();
    },
    async fillsIn(name: string, form: Form | undefined, values: Readonly<Record<string, string>>) {
      if (!form) throw new Error('no form was opened');
      const { responder, answer } = listener(forms, false);
      await router.onForm({ ...incoming(name), formId: form.id, values, onMessage: false }, responder);
      return answer();
    },
    completes: (
      name: string,
      command: readonly string[],
      option: string,
      value: string,
      given: Readonly<Record<string, unknown>> = {},
    ) => router.onCompletion({ ...incoming(name), command, option, value, given }),
    /** Begins a command and leaves it running; `seen` is what it showed so far. */
    begins(name: string, text: string) {
      const { responder, answer } = listener(forms);
      const done = router.onCommand({ ...incoming(name), input: { kind: 'typed', text } }, responder);
      return { seen: answer, done: done.then(answer) };
    },
  };
}

/** @param opens whether a form can be opened at once, as in answer to a command or a press */
function listener(forms: boolean, opens = true): { responder: Responder; answer: () => Answer } {
  let placement: Answer['placement'];
  let form: Form | undefined;
  const shown: Message[] = [];
  const responder: Responder = {
    acknowledge: async (where) => {
      if (placement !== undefined) throw new Error('acknowledged twice');
      placement = where;
    },
    show: async (message) => {
      if (placement === undefined) throw new Error('shown before it was acknowledged');
      shown.push(message);
    },
    refuse: async (message) => {
      placement = 'refused';
      shown.push(message);
    },
    ...(forms && {
      openForm: async (asked: Form) => {
        if (opens) form = asked;
        return opens;
      },
    }),
  };
  const answer = (): Answer => ({
    placement,
    form,
    shown: [...shown],
    text: [shown.at(-1)?.title ?? '', plainText(shown.at(-1)?.text ?? [])].join('\n').trim(),
    button(label) {
      const found = shown.at(-1)?.buttons?.find((button) => button.label === label);
      if (!found) throw new Error(`there is no button "${label}"`);
      return found.id;
    },
  });
  return { responder, answer };
}
