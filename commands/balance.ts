import type { AccountBalances } from '../engine/desk.ts';
import { action, type CommandContext, defineCommand } from './command.ts';
import { quantityText } from './gains.ts';
import { bold, type Reply, type RichText, rich } from './reply.ts';

export const balance = defineCommand({
  name: 'balance',
  description: 'What lies at each broker: its own figures beside those of the books',
  group: 'Money',
  body: {
    action: action({
      description: 'What lies at each broker: its own figures beside those of the books',
      role: 'viewer',
      example: '/balance paper',
      options: {
        broker: {
          type: 'string',
          description: 'Broker; without it all of them',
          example: 'paper',
          suggest: ({ desk }) => desk.brokers.names(),
        },
      },
      run: async (context, { broker }) => balanceReply(context, await context.desk.money.balances(broker)),
    }),
  },
});

function balanceReply({ desk }: CommandContext, accounts: readonly AccountBalances[]): Reply {
  const differs = accounts.some((account) => account.opened && account.lines.some(isDifferent));
  const silent = accounts.some(({ problem }) => problem !== null);
  return {
    title: 'Balances',
    tone: silent ? 'danger' : differs ? 'warning' : 'info',
    text: accounts.flatMap((account, index) => [
      index === 0 ? '' : '\n\n',
      ...accountText(account, desk.accountText(account.account)),
    ]),
    ...(differs && {
      buttons: [{ label: 'Differences', command: ['difference', 'list'], options: {} }],
    }),
  };
}

function accountText({ problem, opened, lines }: AccountBalances, name: string): RichText {
  const wallets = new Set(lines.map(({ wallet }) => wallet));
  return [
    bold(name),
    ...(problem === null ? [] : rich`\n⚠️ It could not be asked: ${problem} By the books:`),
    ...(opened || problem !== null ? [] : ['\nIt was not compared with the books yet.']),
    ...(lines.length === 0 ? ['\nNothing lies there.'] : []),
    ...lines.flatMap((line) => [
      '\n',
      ...rich`${quantityText(line.broker ?? line.books)} ${bold(line.asset)}`,
      ...(wallets.size > 1 ? [` in ${line.wallet}`] : []),
      ...(line.locked === '0' ? [] : [`, ${quantityText(line.locked)} held for orders`]),
      ...(line.owed === '0' ? [] : [`, ${quantityText(line.owed)} owed`]),
      booksText(line, opened),
    ]),
  ];
}

/** Only what is not the same is said twice. */
function booksText(line: AccountBalances['lines'][number], opened: boolean): string {
  const { broker, books, owed, owedByBooks } = line;
  if (broker === null) return '';
  if (!opened) return `, in the books ${quantityText(books)}`;
  if (!isDifferent(line)) return ' ✓';
  const debts = owed === owedByBooks ? '' : `, owed ${quantityText(owedByBooks)}`;
  return `\n  ⚠️ the books say ${quantityText(books)}${debts}`;
}

function isDifferent({ difference, owed, owedByBooks }: AccountBalances['lines'][number]): boolean {
  return difference !== null && (difference !== '0' || owed !== owedByBooks);
}
