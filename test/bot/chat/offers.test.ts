import { describe, expect, it } from 'vitest';
import { action, type Command, defineCommand } from '../../../commands/command.ts';
import type { Desk } from '../../../engine/desk.ts';
import { chatDesk, people } from '../../support/chat.ts';
import { ManualClock } from '../../support/clock.ts';
import { tempStore } from '../../support/temp-store.ts';

function commandNamed(name: string, definition: Parameters<typeof action>[0]): Command {
  return defineCommand({ name, description: name, group: 'Overview', body: { action: action(definition) } });
}

const held: Readonly<Record<string, readonly string[]>> = { demo: ['SP500'], rotation: ['ELMO', 'CLVR'] };
const places = {
  books: { accountOf: (book: string) => (book === 'demo' ? 'paper' : 'other') },
} as unknown as Desk;

/** `/leave book symbol how`: each offers what there is. */
function leaveCommand(more: Partial<Parameters<typeof action>[0]> = {}) {
  const left: string[] = [];
  const command = commandNamed('leave', {
    description: 'Leaves a position',
    role: 'trader',
    acts: true,
    options: {
      book: { type: 'string', description: 'Book', required: true, suggest: () => Object.keys(held) },
      symbol: {
        type: 'string',
        description: 'Symbol',
        required: true,
        suggest: (_context, _typed, { book }) =>
          (held[String(book)] ?? []).map((value) => ({ value, name: `all ${value}` })),
      },
      how: { type: 'choice', description: 'How', choices: ['now', 'later'], required: true },
    },
    confirm: async (_context, { book, symbol, how }) => ({
      title: `Leave ${String(symbol)} of ${String(book)} ${String(how)}?`,
    }),
    run: async (_context, { book, symbol, how }) => {
      left.push(`${String(symbol)} of ${String(book)} ${String(how)}`);
      return { text: ['Left.'] };
    },
    ...more,
  });
  return { command, left };
}

const labels = ({
  shown,
}: {
  readonly shown: readonly { readonly buttons?: readonly { label: string }[] }[];
}) => shown.at(-1)?.buttons?.map(({ label }) => label);

describe('a command that lacks something', () => {
  it('offers what there is, one after another, until it is whole', async () => {
    const { command, left } = leaveCommand();
    const desk = await chatDesk({ store: await tempStore(), commands: [command], desk: places });
    const books = await desk.types('tom', '/leave');
    expect(books).toMatchObject({
      placement: 'only-you',
      text: expect.stringContaining('Typed in full: /leave book symbol how'),
    });
    expect(labels(books)).toEqual(['demo', 'rotation']);
    const symbols = await desk.presses('tom', books.button('rotation'));
    expect(symbols.placement, 'in place of what was pressed').toBe('in-place');
    expect(labels(symbols), 'of the book that was chosen').toEqual(['all ELMO', 'all CLVR']);
    const ways = await desk.presses('tom', symbols.button('all CLVR'));
    const asked = await desk.presses('tom', ways.button('later'));
    expect(asked.text).toContain('Leave CLVR of rotation later?');
    expect(left, 'nothing is done before it is confirmed').toEqual([]);
    await desk.presses('tom', asked.button('Confirm'));
    expect(left).toEqual(['CLVR of rotation later']);
  });

  it('offers only what is missing of one that is typed in part', async () => {
    const { command } = leaveCommand();
    const desk = await chatDesk({ store: await tempStore(), commands: [command], desk: places });
    expect(labels(await desk.types('tom', '/leave demo how=now'))).toEqual(['all SP500']);
  });

  it('says what is missing where there is nothing to choose from', async () => {
    const { command } = leaveCommand();
    const desk = await chatDesk({ store: await tempStore(), commands: [command], desk: places });
    const answer = await desk.types('tom', '/leave nowhere');
    expect(answer.text).toBe('symbol is missing: symbol. Usage: /leave book symbol how');
    expect(labels(answer)).toBeUndefined();
  });

  it('offers nothing to who may not use it', async () => {
    const { command } = leaveCommand();
    const desk = await chatDesk({ store: await tempStore(), commands: [command], desk: places });
    expect((await desk.types('vera', '/leave')).text).toBe('/leave needs the role trader; yours is viewer.');
  });

  it('offers people what they are limited to, and no more', async () => {
    const { command } = leaveCommand();
    const users = [
      ...people,
      { name: 'lena', role: 'trader' as const, ids: { discord: '4' }, books: ['rotation'] },
    ];
    const desk = await chatDesk({ store: await tempStore(), commands: [command], desk: places, users });
    expect(labels(await desk.types('lena', '/leave'))).toEqual(['rotation']);
  });

  it('keeps nothing for a button of a command that may hold secrets', async () => {
    const { command } = leaveCommand({ secrets: () => [] });
    const desk = await chatDesk({ store: await tempStore(), commands: [command], desk: places });
    expect(labels(await desk.types('tom', '/leave'))).toBeUndefined();
  });
});

describe('a button that only asks or shows', () => {
  it('can be pressed again, and again, until it is too old', async () => {
    const { command, left } = leaveCommand();
    const clock = new ManualClock();
    const desk = await chatDesk({ store: await tempStore(), commands: [command], desk: places, clock });
    const offer = await desk.types('tom', '/leave demo SP500');
    const first = await desk.presses('tom', offer.button('now'));
    await desk.presses('tom', first.button('Cancel'));
    const second = await desk.presses('tom', offer.button('now'));
    expect(second.text).toContain('Leave SP500 of demo now?');
    await desk.presses('tom', second.button('Confirm'));
    expect(
      (await desk.presses('tom', second.button('Confirm'))).text,
      'a confirmation counts once',
    ).toContain('already confirmed');
    expect(left).toEqual(['SP500 of demo now']);
    clock.advance(8 * 86_400_000);
    expect((await desk.presses('tom', offer.button('now'))).text).toContain('This button has expired.');
  });

  it('and one that acts at once counts once', async () => {
    const done: string[] = [];
    const act = commandNamed('act', {
      description: 'Acts',
      role: 'trader',
      acts: true,
      options: { what: { type: 'choice', description: 'What', choices: ['this'], required: true } },
      run: async () => {
        done.push('this');
        return { text: ['Done.'] };
      },
    });
    const desk = await chatDesk({ store: await tempStore(), commands: [act] });
    const offer = await desk.types('tom', '/act');
    await desk.presses('tom', offer.button('this'));
    expect((await desk.presses('tom', offer.button('this'))).text).toContain('already confirmed by tom');
    expect(done).toEqual(['this']);
  });
});
