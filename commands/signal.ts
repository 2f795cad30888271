import type { Rehearsal, Signal } from '../engine/desk.ts';
import { UserError } from '../engine/errors.ts';
import { groupThousands } from '../engine/money.ts';
import { bookOption } from './book-option.ts';
import { action, type CommandContext, defineCommand, type StringOption, type Suggestion } from './command.ts';
import { block, bold, code, type Field, type Reply, type RichText, rich } from './reply.ts';
import { stepText } from './step-text.ts';
import type { Times } from './times.ts';

/** As many as a chat message shows without becoming a file. */
const shownSignals = 15;

const idOption = {
  type: 'string',
  description: 'Id of the signal, as the sender got it and /signal list shows it',
  example: '0f3a',
  required: true,
  concerns: 'signal',
} as const satisfies StringOption;

/** What a person says to a signal that waits for approval. */
function answering(word: 'approve' | 'reject') {
  const approves = word === 'approve';
  const options = {
    id: {
      ...idOption,
      suggest: async ({ desk }: CommandContext) =>
        (await desk.signals.list({ limit: 100 })).filter(({ state }) => state === 'waiting').map(offered),
    },
  } as const;
  return action({
    description: approves
      ? 'Let a signal go on that waits for approval'
      : 'Drop a signal that waits for approval',
    role: 'trader',
    acts: true,
    example: `/signal ${word} 0f3a`,
    options,
    confirm: async ({ desk }, { id }) => {
      const { book, payload, summary } = await desk.signals.show(id);
      if (!approves) return { title: 'Drop this signal?', text: rich`${bold(book)}: ${summary}` };
      const rehearsals = await desk.signals.rehearse(JSON.stringify(payload), book);
      return { title: 'Approve this entry?', text: rehearsals.flatMap(rehearsalText) };
    },
    run: async ({ desk, caller }, { id }) => {
      const answer = approves ? 'approved' : 'declined';
      const { book, summary, state } = await desk.signals.answer({ id, answer, by: caller.name });
      if (approves && state === 'waiting') {
        return {
          tone: 'warning',
          text: rich`You have approved: ${bold(book)}, ${summary}. Somebody else must, too, before it is traded.`,
        };
      }
      return approves
        ? {
            tone: 'success',
            text: rich`Approved: ${bold(book)}, ${summary}. It is decided anew, at the prices of now.`,
          }
        : { tone: 'warning', text: rich`Rejected: ${bold(book)}, ${summary}. Nothing is traded.` };
    },
  });
}

const replay = action({
  description: 'Decide a signal once more that was refused, expired or failed',
  role: 'trader',
  acts: true,
  example: '/signal replay 0f3a',
  options: {
    id: {
      ...idOption,
      suggest: async ({ desk }) =>
        (await desk.signals.list({ limit: 100 })).filter(ledToNothing).map(offered),
    },
  },
  confirm: async ({ desk, times }, { id }) => {
    const rehearsal = await desk.signals.rehearseReplay(id);
    const { state, reason, receivedAt } = await desk.signals.show(id);
    return {
      title: 'Decide this signal once more?',
      tone: 'warning',
      text: [
        ...rehearsalText(rehearsal),
        ...rich`It came at ${times.second(receivedAt)} and is ${state}: ${reason ?? 'nothing is known of why'}\n`,
        'It becomes a new signal, at the prices of the moment in which you confirm, with the limits, approval and queue of its book. Nothing of the old one is sent again.',
      ],
    };
  },
  run: async ({ desk, caller }, { id }) => {
    const { _id, book, summary } = await desk.signals.replay({ id, by: caller.name });
    return {
      tone: 'success',
      text: rich`Replayed: ${bold(book)}, ${summary}. It is decided as the new signal ${code(_id)}.`,
      buttons: [{ label: 'Show it', command: ['signal', 'show'], options: { id: _id } }],
    };
  },
});

export const signal = defineCommand({
  name: 'signal',
  description: 'Signals: the alerts that came, and what became of them',
  group: 'Books',
  body: {
    subcommands: {
      list: action({
        description: 'The newest signals, of one book or of all',
        role: 'viewer',
        options: { book: bookOption },
        example: '/signal list demo',
        run: async ({ desk, times }, { book }) => {
          const newest = await desk.signals.list({
            limit: shownSignals,
            ...(book !== undefined && { book }),
          });
          return listReply(newest, book, times);
        },
      }),
      show: action({
        description: 'One signal: what came, what was decided, how it ended',
        role: 'viewer',
        options: {
          id: {
            ...idOption,
            suggest: async ({ desk }) => (await desk.signals.list({ limit: 25 })).map(offered),
          },
        },
        example: '/signal show 0f3a',
        run: async ({ desk, times }, { id }) => showReply(await desk.signals.show(id), times),
      }),
      approve: answering('approve'),
      reject: answering('reject'),
      replay,
      test: action({
        description: 'What an alert would lead to now; nothing is done',
        role: 'trader',
        options: {
          payload: {
            type: 'string',
            description: 'The alert, as its sender would send it',
            example: '{"action":"buy"}',
          },
          book: { ...bookOption, description: 'Book to whose address it would be sent' },
          fields: { type: 'pairs', description: 'Or its fields, such as action=buy symbol=SP500 quantity=1' },
        },
        example: '/signal test {"action": "buy", "symbol": "SP500", "quantity": 1} book=demo',
        run: async ({ desk }, { payload, book, fields }) => {
          if (payload !== undefined && fields !== undefined) {
            throw new UserError('Give the alert either as one text or as fields, not both.');
          }
          if (payload === undefined && fields === undefined) {
            throw new UserError(
              'Paste the alert, such as /signal test {"action": "buy", "symbol": "SP500"}.',
            );
          }
          return testReply(await desk.signals.rehearse(payload ?? JSON.stringify(fields), book));
        },
      }),
    },
  },
});

function listReply(signals: readonly Signal[], book: string | undefined, times: Times): Reply {
  if (signals.length === 0) {
    return { text: [book === undefined ? 'No signal has come yet.' : `No signal has come for ${book} yet.`] };
  }
  return {
    title: book === undefined ? 'Newest signals' : `Newest signals of ${book}`,
    table: {
      columns: [
        { name: times.head('Received') },
        { name: 'Book' },
        { name: 'Signal' },
        { name: 'State' },
        { name: 'Why' },
        { name: 'Id' },
      ],
      rows: signals.map(({ _id, receivedAt, book: of, summary, state, reason }) => [
        times.exactCell(receivedAt),
        of,
        summary,
        state,
        reason ?? '',
        _id,
      ]),
    },
    buttons: signals.slice(0, 5).map(({ _id, summary }) => ({
      label: summary.slice(0, 40),
      command: ['signal', 'show'],
      options: { id: _id },
    })),
  };
}

function showReply(shown: Signal, times: Times): Reply {
  const { _id, book, summary, state, reason, receivedAt, endedAt, from, payload, steps, approval, replayOf } =
    shown;
  const fields: Field[] = [
    { name: 'State', value: state },
    { name: 'Received', value: times.second(receivedAt) },
    { name: 'From', value: from },
    ...(replayOf === undefined ? [] : [{ name: 'Replay of', value: replayOf }]),
    ...(endedAt === null ? [] : [{ name: 'Ended', value: times.second(endedAt) }]),
    ...(approval?.answer
      ? [{ name: 'Answer', value: `${approval.answer} by ${approval.by ?? 'nobody'}` }]
      : []),
  ];
  return {
    title: `Signal for ${book}: ${summary}`,
    tone: state === 'failed' ? 'danger' : state === 'refused' || state === 'expired' ? 'warning' : 'info',
    text: [
      ...rich`${code(_id)}\n`,
      ...(reason === null ? [] : rich`${reason}\n`),
      ...(steps === null ? [] : [...stepLines(steps), '\n']),
      block(JSON.stringify(payload, null, 2)),
    ],
    fields,
    ...(ledToNothing(shown) && {
      buttons: [{ label: 'Decide it once more', command: ['signal', 'replay'], options: { id: _id } }],
    }),
  };
}

function offered({ _id, summary, book, state }: Signal): Suggestion {
  return { value: _id, name: `${summary} · ${book}, ${state}` };
}

function ledToNothing({ state }: Signal): boolean {
  return state === 'refused' || state === 'expired' || state === 'failed';
}

function testReply(rehearsals: readonly Rehearsal[]): Reply {
  const acts = rehearsals.every(({ decision, refusal }) => 'steps' in decision && refusal === undefined);
  const several = rehearsals.length > 1;
  return {
    title: acts ? 'It would be taken, and acted on' : 'It would be taken, but not acted on',
    tone: acts ? 'success' : 'warning',
    text: [
      ...rehearsals.flatMap(rehearsalText),
      ...(several ? ['Each was looked at by itself, as if none of the others came before it.\n'] : []),
      'Nothing was done.',
    ],
  };
}

function rehearsalText({ book, account, summary, decision, refusal }: Rehearsal): RichText {
  const head = rich`${bold(book)} on ${account}: ${summary}\n`;
  if ('refused' in decision) return [...head, ...rich`Refused: ${decision.refused}\n`];
  if ('again' in decision) {
    return [
      ...head,
      ...rich`Tried again after ${decision.afterSeconds} s, then refused: ${decision.again}\n`,
    ];
  }
  return [
    ...head,
    ...rich`It is an ${decision.purpose}, worth ${groupThousands(decision.notional.toFixed(2))}:\n`,
    ...stepLines(decision.steps),
    ...(decision.warning === undefined ? [] : rich`⚠️ ${decision.warning}\n`),
    ...(refusal === undefined ? [] : rich`But it is refused: ${refusal}\n`),
  ];
}

function stepLines(steps: NonNullable<Signal['steps']>): RichText {
  return steps.map((step, index) => `${index + 1}. ${stepText(step)}\n`);
}
