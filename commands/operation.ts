import type { EndedOperation, Operation, OperationReport } from '../engine/desk.ts';
import { UserError } from '../engine/errors.ts';
import { bookOption } from './book-option.ts';
import { action, type CommandContext, defineCommand, type StringOption } from './command.ts';
import { priceText, quantityText } from './gains.ts';
import { capital } from './order-text.ts';
import { bold, type Content, code, type Reply, type RichText, rich } from './reply.ts';
import { stepText } from './step-text.ts';

const operationOption = {
  type: 'string',
  description: 'Its id, as /operation list shows it, or the last letters of it',
  example: 'signal:0f3a',
  required: true,
  concerns: 'operation',
  suggest: async ({ desk }) =>
    (await desk.operations.list({ which: 'open', limit: 25 })).map(({ _id, summary, book }) => ({
      value: _id,
      name: `${summary} · ${book}`,
    })),
} as const satisfies StringOption;

export const operation = defineCommand({
  name: 'operation',
  description: 'What moves money for a book, step by step; and the end of one that cannot go on',
  group: 'Trading',
  body: {
    subcommands: {
      list: action({
        description: 'Operations that are not over, or the newest ones',
        role: 'viewer',
        example: '/operation list',
        options: {
          which: {
            type: 'choice',
            choices: ['open', 'latest'],
            description: 'Those that are not over, or the newest ones; open where not given',
          },
          book: { ...bookOption, description: 'Book; without it all of them' },
        },
        run: async (context, { which = 'open', book }) => {
          const of = book === undefined ? {} : { book };
          return listReply(
            context,
            await context.desk.operations.list({ ...of, which, limit: mostShown }),
            which,
          );
        },
      }),
      show: action({
        description: 'One operation: its steps, why it does not go on, and what is open of it',
        role: 'viewer',
        example: '/operation show signal:0f3a',
        options: { operation: operationOption },
        run: async (context, { operation: named }) =>
          showReply(context, await context.desk.operations.show(named)),
      }),
      end: action({
        description: 'Give up an operation that cannot go on; what is open stays, and is said',
        role: 'trader',
        acts: true,
        example: '/operation end signal:0f3a delisted, closed by hand at the broker',
        options: {
          operation: operationOption,
          reason: {
            type: 'string',
            description: 'Why; it is told to everybody, and kept',
            example: 'closed by hand at the broker',
            required: true,
            rest: true,
          },
        },
        wizard: [
          { option: 'operation', question: 'Which operation is given up?' },
          { option: 'reason', question: 'Why is it given up?' },
        ],
        confirm: async (context, { operation: named, reason }) =>
          question(context, await context.desk.operations.show(named), reason),
        run: async (context, { operation: named, reason }) => {
          const { desk, caller } = context;
          return endReply(context, await desk.operations.end({ operation: named, by: caller.name, reason }));
        },
      }),
    },
  },
});

const mostShown = 15;
const mostButtons = 5;

const stateWords: Readonly<Record<Operation['state'], string>> = {
  working: 'goes on',
  undoing: 'is being undone',
  done: 'done',
  undone: 'undone',
  stuck: 'stuck',
  given_up: 'given up',
};

function listReply(
  { desk, times }: CommandContext,
  found: readonly Operation[],
  which: 'open' | 'latest',
): Reply {
  if (found.length === 0) {
    if (which === 'latest') return { text: ['There was no operation yet.'] };
    return {
      text: ['Every operation is over.'],
      buttons: [{ label: 'The newest ones', command: ['operation', 'list'], options: { which: 'latest' } }],
    };
  }
  const isStuck = found.some(({ state }) => state === 'stuck');
  return {
    title: which === 'open' ? 'Operations that are not over' : 'The newest operations',
    ...(isStuck && { tone: 'danger' as const }),
    text: found.flatMap(({ _id, summary, state, reason, book, broker, askedAt }, index) => [
      index === 0 ? '' : '\n\n',
      ...rich`${state === 'stuck' ? '⛔ ' : ''}${bold(summary)}\n${stateWords[state]} · ${book}, ${desk.accountText(broker)} · ${times.near(askedAt)} · ${code(_id)}${reason === null ? '' : `\n${reason}`}`,
    ]),
    buttons: found.slice(0, mostButtons).map(({ _id, summary }) => ({
      label: summary.slice(0, 40),
      command: ['operation', 'show'],
      options: { operation: _id },
    })),
  };
}

function showReply({ desk, caller, times }: CommandContext, shown: OperationReport): Reply {
  const { operation: of, leftovers } = shown;
  const { _id, summary, state, reason, book, broker, purpose, askedAt, givingUp } = of;
  const by = givingUp && state !== 'given_up' ? `, being given up by ${givingUp.by}` : '';
  return {
    title: `${capital(summary)}, ${book}, ${desk.accountText(broker)}`,
    tone: state === 'stuck' ? 'danger' : state === 'done' ? 'success' : leftovers ? 'info' : 'warning',
    text: [
      ...rich`${code(_id)}\n`,
      ...(reason === null ? [] : rich`${reason}\n`),
      ...of.steps.map((record, index) => `${index + 1}. ${stepText(record.step)}: ${stepState(record)}\n`),
      ...fillLines(shown),
      ...(leftovers ? leftLines(leftovers) : []),
    ],
    fields: [
      { name: 'State', value: `${stateWords[state]}${by}` },
      { name: 'Purpose', value: purpose },
      { name: 'Asked', value: times.near(askedAt) },
    ],
    ...(leftovers &&
      caller.role !== 'viewer' && {
        buttons: [
          {
            label: 'End it',
            style: 'danger' as const,
            command: ['operation', 'end'],
            options: { operation: _id },
          },
        ],
      }),
  };
}

function question({ desk }: CommandContext, shown: OperationReport, reason: string): Content {
  const { operation: of, leftovers } = shown;
  const { summary, state, book, broker, purpose, reason: why } = of;
  if (!leftovers) throw new UserError(`The operation "${summary}" is over: ${why ?? 'it is done.'}`);
  return {
    title: `Give up “${summary}” of ${book}, ${desk.accountText(broker)}?`,
    tone: 'warning',
    text: [
      state === 'stuck'
        ? `It is stuck: ${why ?? 'nothing is known of why'}\n`
        : '⚠️ It is not stuck, and goes on by itself as soon as it can.\n',
      ...rich`Your reason: ${bold(reason)}\n`,
      purpose === 'entry'
        ? 'It goes neither further nor back: what it has bought, borrowed and moved stays.\n'
        : 'It is not tried again: what it was to close stays open, until you close it.\n',
      'What it has traded is booked.',
      ...fillLines(shown),
      ...leftLines(leftovers),
    ],
  };
}

function endReply(
  { desk }: CommandContext,
  { operation: ended, differences, notCompared }: EndedOperation,
): Reply {
  const { summary, book, broker, reason } = ended;
  const account = desk.accountText(broker);
  const compared =
    notCompared !== undefined
      ? `${account} could not be compared with the books: ${notCompared}`
      : differences.length === 0
        ? `${account} says what the books say.`
        : `${account} differs from the books: ${differences.map(({ text }) => text).join(' ')}`;
  return {
    tone: 'warning',
    title: `Given up: ${summary}, ${book}, ${account}`,
    text: rich`${reason ?? ''}\n${compared}`,
    buttons: [
      ...(differences.length > 0
        ? [{ label: 'Differences', command: ['difference', 'list'], options: {} }]
        : []),
      { label: 'Positions', command: ['positions'], options: { book } },
      { label: 'Open orders', command: ['orders'], options: { book } },
    ],
  };
}

function stepState({ state, amount, reason }: Operation['steps'][number]): string {
  const moved = amount !== null && amount !== '0' && state !== 'waiting' ? `, ${quantityText(amount)}` : '';
  return `${state}${moved}${reason === null ? '' : ` (${reason})`}`;
}

function fillLines({ fills }: OperationReport): RichText {
  return fills.flatMap(
    ({ side, quantity, symbol, price, currency }): RichText => [
      '\n',
      ...rich`${side === 'buy' ? 'Bought' : 'Sold'} ${bold(`${quantityText(quantity)} ${symbol}`)} at ${priceText(price)} ${currency}`,
    ],
  );
}

function leftLines({ inBook, atBroker }: NonNullable<OperationReport['leftovers']>): RichText {
  return [...inBook, ...atBroker].map((sentence) => `\n${sentence}`);
}
