import type { DifferenceReport } from '../engine/desk.ts';
import { action, type CommandContext, defineCommand, type StringOption } from './command.ts';
import { isAccountWithin } from './reach.ts';
import type { CommandButton } from './reply.ts';
import { bold, type Content, code, type Reply, rich } from './reply.ts';
import type { Times } from './times.ts';

type Resolution = DifferenceReport['resolutions'][number];

const differenceOption = {
  type: 'string',
  description: 'Its id, as /difference list shows it',
  example: 'diff-3f9a1c0b7d52',
  suggest: async ({ desk }) =>
    (await desk.brokers.differences()).map(({ id, text }) => ({ value: id, name: text })),
  required: true,
  concerns: 'difference',
} as const satisfies StringOption;

const consequences: Readonly<Record<Resolution, string>> = {
  adopt:
    'The books follow the broker: what is more there belongs to no book, what is missing is taken from what belongs to no book. Nothing is traded.',
  ignore: 'Entries go on there although the books differ, as long as it is exactly this difference.',
  cancel: 'The order is cancelled at the broker.',
  flatten: 'What is too much is sold at the market, what is missing is bought; the books follow.',
};

/** One subcommand for each way to resolve one, all alike. */
function resolving(how: Resolution, description: string) {
  return action({
    description,
    role: 'trader',
    acts: true,
    example: `/difference ${how} diff-3f9a1c0b7d52`,
    options: { difference: differenceOption },
    confirm: async (context, { difference }) => question(context, difference, how),
    run: async ({ desk, caller }, { difference }) => {
      const { text, broker, flattening } = await desk.brokers.resolve({ difference, how, by: caller.name });
      if (flattening === null) return { tone: 'success', text: rich`Resolved: ${text}` };
      return {
        tone: 'warning',
        text: rich`Asked for: ${code(flattening)} is to be placed at ${broker} by hand. When it is reported with ${code('/manual fill')}, the books follow, and this is resolved: ${text}`,
        buttons: [{ label: 'To be done by hand', command: ['manual', 'list'], options: {} }],
      };
    },
  });
}

async function question({ desk }: CommandContext, id: string, how: Resolution): Promise<Content> {
  const { broker, text } = await desk.brokers.difference(id);
  return { title: `${titles[how]} on ${broker}?`, text: rich`${text}\n${consequences[how]}` };
}

const titles: Readonly<Record<Resolution, string>> = {
  adopt: 'Adopt the difference',
  ignore: 'Ignore the difference',
  cancel: 'Cancel the order',
  flatten: 'Trade the difference away',
};

export const difference = defineCommand({
  name: 'difference',
  description: 'Where a broker says something else than the books, and what to do about it',
  group: 'Books',
  body: {
    subcommands: {
      list: action({
        description: 'Open differences between brokers and books',
        role: 'viewer',
        options: {},
        example: '/difference list',
        run: async ({ desk, caller, times }) =>
          differencesReply(
            (await desk.brokers.differences()).filter(({ broker }) =>
              isAccountWithin(caller.reach, broker, desk),
            ),
            times,
          ),
      }),
      adopt: resolving('adopt', 'Let the books follow the broker'),
      ignore: resolving('ignore', 'Leave it as it is, and trade on'),
      cancel: resolving('cancel', 'Cancel an order that the desk did not send'),
      flatten: resolving('flatten', 'Trade away what is too much or missing'),
    },
  },
});

/** What differs, with a button for each way to resolve it. */
export function differencesReply(differences: readonly DifferenceReport[], times: Times): Reply {
  if (differences.length === 0) {
    return { tone: 'success', text: ['All brokers say what the books say.'] };
  }
  const blocking = differences.some(({ blocks }) => blocks);
  return {
    title: 'Differences',
    tone: blocking ? 'danger' : 'warning',
    text: differences.flatMap(({ id, text, blocks, foundAt, flattening }, index) => [
      index === 0 ? '' : '\n\n',
      ...rich`${bold(text)}\n${code(id)}, found ${times.minute(foundAt)}, ${blocks ? 'stops the entries of this account' : 'stops nothing'}.${flattening === null ? '' : ` The order ${flattening} is trading it away.`}`,
    ]),
    buttons: differences.slice(0, 4).flatMap((found) => differenceButtons(found, differences.length > 1)),
  };
}

/** A button for each way in which it can be resolved. */
function differenceButtons(
  { id, resolutions }: DifferenceReport,
  several: boolean,
): readonly CommandButton[] {
  return resolutions.map((how) => ({
    label: several ? `${how} ${id.slice(-4)}` : how,
    style: how === 'flatten' || how === 'cancel' ? 'danger' : 'secondary',
    command: ['difference', how],
    options: { difference: id },
  }));
}
