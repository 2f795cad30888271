import type { AccountReport, BrokerReport, Desk } from '../engine/desk.ts';
import { action, type CommandContext, defineCommand, type StringOption } from './command.ts';
import { differencesReply } from './difference.ts';
import { progressOf } from './progress.ts';
import { isAccountWithin } from './reach.ts';
import { bold, type CommandButton, type Content, type Reply, type RichText, rich } from './reply.ts';
import type { Times } from './times.ts';

const brokerOption = {
  type: 'string',
  description: 'Broker, as /broker list names it',
  required: true,
  example: 'paper',
  suggest: ({ desk }) => desk.brokers.names(),
} as const satisfies StringOption;

export const broker = defineCommand({
  name: 'broker',
  description: 'The brokers: how they are, what is in the account, and whether it agrees with the books',
  group: 'Running',
  body: {
    subcommands: {
      list: action({
        description: 'All brokers and how they are',
        role: 'viewer',
        options: {},
        example: '/broker list',
        run: async ({ desk, caller, times }) =>
          listReply(
            (await desk.brokers.list()).filter(({ name }) => isAccountWithin(caller.reach, name, desk)),
            times,
          ),
      }),
      status: action({
        description: 'How a broker is, since when and why, and what it can do',
        role: 'viewer',
        options: { broker: brokerOption },
        example: '/broker status paper',
        run: async ({ desk, times }, { broker: name }) => statusReply(await desk.brokers.show(name), times),
      }),
      connect: action({
        description: 'Connect to a broker again; starts its program where you have to log in',
        role: 'trader',
        acts: true,
        options: { broker: brokerOption },
        example: '/broker connect paper',
        async *run({ desk, times, signal }, { broker: name }) {
          const report = yield* progressOf((onProgress) =>
            desk.brokers.connect(name, { signal, onProgress }),
          );
          return statusReply(report, times);
        },
      }),
      disconnect: action({
        description: 'Cut the line to a broker: nothing is sent there, also no exit',
        role: 'trader',
        acts: true,
        options: { broker: brokerOption },
        example: '/broker disconnect paper',
        confirm: async (context, { broker: name }) => disconnectQuestion(context, name),
        run: async ({ desk, times }, { broker: name }) =>
          statusReply(await desk.brokers.disconnect(name), times),
      }),
      account: action({
        description: 'What the broker says of the account: balances, positions, open orders, loans',
        role: 'viewer',
        options: { broker: brokerOption },
        example: '/broker account paper',
        run: async ({ desk }, { broker: name }) => accountReply(await desk.brokers.account(name)),
      }),
      contract: action({
        description: 'Which contract a symbol means at a broker, where it can mean several; or say so',
        role: 'trader',
        acts: true,
        options: {
          broker: brokerOption,
          symbol: {
            type: 'string',
            description: 'As alerts and plans name it',
            required: true,
            example: 'OMV',
          },
          contract: {
            type: 'string',
            description: 'What it means from now on; without it all that it can mean are shown',
            example: 'OMV@VSE/EUR',
          },
        },
        example: '/broker contract ib OMV',
        run: async ({ desk }, { broker: name, symbol, contract }) => {
          if (contract === undefined)
            return contractsReply(symbol, await desk.brokers.contracts(name, symbol));
          const chosen = await desk.brokers.chooseContract(name, symbol, contract);
          return {
            tone: 'success',
            text: rich`At ${name} ${bold(symbol)} means ${bold(chosen.symbol)}, in ${chosen.currency}, from now on.`,
          };
        },
      }),
      reconcile: action({
        description: 'Compare the account with the books now, and show what differs',
        role: 'trader',
        options: { broker: brokerOption },
        example: '/broker reconcile paper',
        run: async ({ desk, times }, { broker: name }) => {
          const differences = await desk.brokers.reconcile((await desk.brokers.show(name)).name);
          if (differences.length > 0) return differencesReply(differences, times);
          return { tone: 'success', text: rich`${bold(name)} says what the books say.` };
        },
      }),
    },
  },
});

const states: Readonly<Record<BrokerReport['state'], string>> = {
  ready: '🟢 ready',
  connecting: '🟡 connecting',
  'needs-login': '🔑 needs a login',
  down: '🔴 down',
};

function listReply(brokers: readonly BrokerReport[], times: Times): Reply {
  if (brokers.length === 0) return { text: ['There is no broker. Add one under brokers in desk.yaml.'] };
  return {
    title: 'Brokers',
    tone: brokers.every(({ state, differences }) => state === 'ready' && differences === 0)
      ? 'success'
      : 'warning',
    text: brokers.flatMap(({ name, state, since, why, books, differences }): RichText => {
      const open = differences === 0 ? '' : `, ${differences} open differences`;
      const of = books.length === 0 ? 'no books' : `books ${books.join(', ')}`;
      return rich`${bold(name)}  ${states[state]} since ${times.minute(since)}${why === undefined ? '' : `: ${why}`}\n${of}${open}\n`;
    }),
    buttons: brokers
      .slice(0, 5)
      .map(({ name }) => ({ label: name, command: ['broker', 'status'], options: { broker: name } })),
  };
}

function statusReply(report: BrokerReport, times: Times): Reply {
  const { name, state, since, why, capabilities, wallets, lends, byHand, compared, books, differences } =
    report;
  const { orderTypes, auctions = [], brackets, fractional, short, absenceIsFinalAfterSeconds } = capabilities;
  const abilities = [
    fractional ? 'parts of a unit' : 'whole units only',
    short ? 'short' : 'no short',
    lends ? 'lends' : 'lends nothing',
    ...(byHand ? ['traded by hand'] : []),
    ...(brackets ? ['entries together with their stop and take profit'] : []),
    ...auctions.map((auction) => `the ${auction} of a session`),
  ];
  const unknown =
    absenceIsFinalAfterSeconds === null
      ? 'An order whose fate is not known is decided by a person.'
      : `An order that it does not know after ${absenceIsFinalAfterSeconds} s never arrived.`;
  return {
    title: `${name}: ${states[state]}`,
    tone: state === 'ready' ? (differences === 0 ? 'success' : 'warning') : 'danger',
    text: [
      ...(why === undefined ? [] : [`${why}\n`]),
      state === 'ready' && !compared
        ? 'It is being compared with the books; nothing is traded there before.\n'
        : '',
      unknown,
    ],
    fields: [
      { name: 'Since', value: times.minute(since) },
      { name: 'Books', value: books.join(', ') || 'none' },
      { name: 'Orders', value: orderTypes.join(', ').replaceAll('_', ' ') },
      { name: 'Can', value: abilities.join(', ') },
      { name: 'Wallets', value: wallets.join(', ') },
      { name: 'Differences', value: differences === 0 ? 'none' : String(differences) },
    ],
    buttons: statusButtons(report),
  };
}

function contractsReply(
  symbol: string,
  { broker: name, choices, chosen }: Awaited<ReturnType<Desk['brokers']['contracts']>>,
): Reply {
  return {
    title: `What ${symbol} can mean at ${name}`,
    text: choices.flatMap((choice): RichText => {
      const mark = choice.symbol === chosen ? ' (chosen)' : '';
      return rich`${bold(choice.symbol)}  ${choice.name}${mark}\n`;
    }),
    buttons: choices.slice(0, 5).map((choice) => ({
      label: choice.symbol,
      command: ['broker', 'contract'],
      options: { broker: name, symbol, contract: choice.symbol },
    })),
  };
}

function statusButtons({ name, state, differences }: BrokerReport): CommandButton[] {
  const options = { broker: name };
  const command = (word: string, label: string): CommandButton => ({
    label,
    command: ['broker', word],
    options,
  });
  if (state !== 'ready') return [command('connect', 'Connect'), command('status', 'Look again')];
  return [
    command('account', 'Account'),
    command('reconcile', 'Reconcile'),
    ...(differences > 0 ? [{ label: 'Differences', command: ['difference', 'list'], options: {} }] : []),
  ];
}

async function disconnectQuestion({ desk }: CommandContext, name: string): Promise<Content> {
  const { name: found, books } = await desk.brokers.show(name);
  const whom =
    books.length === 0
      ? 'No book trades there.'
      : `It stops the books ${books.join(', ')}: no entries, and no exits.`;
  return {
    title: `Disconnect ${found}?`,
    text: [
      `${whom} Orders that rest at the broker stay there and may fill meanwhile. /broker connect ${found} takes everything up again, after a comparison with the books.`,
    ],
  };
}

function accountReply({ broker: name, balances, positions, orders, debts }: AccountReport): Reply {
  const several = new Set([...balances, ...positions].map(({ wallet }) => wallet)).size > 1;
  const at = (wallet: string) => (several ? ` (${wallet})` : '');
  const lines = (title: string, rows: readonly string[]): RichText =>
    rows.length === 0 ? [] : [bold(title), `\n${rows.join('\n')}\n`];
  const held = balances.filter(({ free, locked, owed }) =>
    [free, locked, owed].some((amount) => Number(amount) !== 0),
  );
  return {
    title: `Account at ${name}`,
    text: [
      ...lines(
        'Balances',
        held.map(
          ({ asset, wallet, free, locked, owed }) =>
            `${asset} ${free}${Number(locked) === 0 ? '' : `, ${locked} held for orders`}${Number(owed) === 0 ? '' : `, ${owed} owed`}${at(wallet)}`,
        ),
      ),
      ...lines(
        'Positions',
        positions.map(({ symbol, quantity, wallet }) => `${symbol} ${quantity}${at(wallet)}`),
      ),
      ...lines(
        'Open orders',
        orders.map(
          ({ side, quantity, symbol, state }) =>
            `${side} ${quantity} ${symbol}, ${state.replaceAll('_', ' ')}`,
        ),
      ),
      ...lines(
        'Loans',
        debts.map(
          ({ asset, principal, interest, wallet }) =>
            `${asset} ${principal} and ${interest} interest${at(wallet)}`,
        ),
      ),
      ...(held.length + positions.length + orders.length + debts.length === 0
        ? ['There is nothing in it.']
        : []),
    ],
    buttons: [{ label: 'Reconcile', command: ['broker', 'reconcile'], options: { broker: name } }],
  };
}
