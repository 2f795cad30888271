/** Wizards: what a long command asks, one question after another or in forms, and what becomes of the answers. */
import { describe, expect, it } from 'vitest';
import { action, type Command, defineCommand } from '../../../commands/command.ts';
import { UserError } from '../../../engine/errors.ts';
import type { Store } from '../../../engine/store/store.ts';
import { chatDesk } from '../../support/chat.ts';
import { ManualClock } from '../../support/clock.ts';
import { tempStore } from '../../support/temp-store.ts';

/** `/build`: a name, a size, how it is done, and how deep where it is dug. */
function building() {
  const built: object[] = [];
  const build: Command = defineCommand({
    name: 'build',
    description: 'Builds',
    group: 'Overview',
    body: {
      action: action({
        description: 'Builds something',
        role: 'trader',
        acts: true,
        options: {
          name: { type: 'string', description: 'Name', required: true, example: 'tower' },
          size: { type: 'integer', description: 'Size', required: true, min: 1, max: 9 },
          way: { type: 'choice', description: 'How', choices: ['dig', 'pile'], required: true },
          depth: { type: 'number', description: 'How deep' },
          place: { type: 'string', description: 'Where', suggest: () => ['north', 'south'] },
        },
        wizard: [
          {
            option: 'name',
            question: 'What is it called?',
            check: (_context, name) => {
              if (name === 'babel') throw new UserError('There was a babel already.');
            },
          },
          { option: 'size', question: 'How large is it?', default: '3' },
          { option: 'way', question: 'How is it built?' },
          { option: 'depth', question: 'How deep is it dug?', onlyIf: { option: 'way', is: ['dig'] } },
          { option: 'place', question: 'Where does it stand?', onlySuggested: true },
        ],
        confirm: async (_context, { name, size }) => {
          if (size === 9) throw new UserError('Nine is too large for that place.');
          return { title: `Build ${name}?` };
        },
        run: async (_context, options) => {
          built.push(options);
          return { text: ['Built.'] };
        },
      }),
    },
  });
  const offer: Command = defineCommand({
    name: 'offer',
    description: 'Offers to build',
    group: 'Overview',
    body: {
      action: action({
        description: 'Offers to build',
        role: 'viewer',
        options: {},
        run: async () => ({
          text: ['What shall it be?'],
          buttons: [{ label: 'Build a tower', command: ['build'], options: { name: 'tower', way: 'pile' } }],
        }),
      }),
    },
  });
  return { build, offer, built };
}

async function desk(options: { forms?: boolean; store?: Store; clock?: ManualClock } = {}) {
  const { build, offer, built } = building();
  const store = options.store ?? (await tempStore());
  return { store, built, chat: await chatDesk({ ...options, store, commands: [build, offer] }) };
}

describe('a long command without its options', () => {
  it('asks for them one after another, and acts after the usual confirmation', async () => {
    const { chat, built } = await desk();
    const first = await chat.types('tom', '/build');
    expect(first.placement).toBe('only-you');
    expect(first.text).toContain('What is it called?');
    expect(first.text).toContain('For example tower');
    const second = await chat.types('tom', 'tower of pisa');
    expect(second.text).toContain('How large is it?');
    const third = await chat.presses('tom', second.button('Use 3'));
    expect(third.text).toContain('How is it built?');
    const fourth = await chat.presses('tom', third.button('dig'));
    expect(fourth.text, 'asked only because it is dug').toContain('How deep');
    const fifth = await chat.presses('tom', fourth.button('Skip'));
    const question = await chat.presses('tom', fifth.button('south'));
    expect(question.text).toContain('Build tower of pisa?');
    expect(question.text).toContain('/build name="tower of pisa" size=3 way=dig place=south');
    expect(built, 'nothing happens before it is confirmed').toEqual([]);
    await chat.presses('tom', question.button('Confirm'));
    expect(built).toEqual([{ name: 'tower of pisa', size: 3, way: 'dig', place: 'south' }]);
    const again = await chat.types('tom', '/build');
    expect(again.text, 'what is done is forgotten').toContain('What is it called?');
  });

  it('checks each answer at once, says what is wrong with it, and asks again', async () => {
    const { chat } = await desk();
    await chat.types('tom', '/build');
    const wrong = await chat.types('tom', 'babel');
    expect(wrong.text).toContain('There was a babel already.');
    expect(wrong.text).toContain('What is it called?');
    await chat.types('tom', 'tower');
    expect((await chat.types('tom', 'many')).text).toContain('size must be a whole number, not "many".');
    expect((await chat.types('tom', '12')).text).toContain('size must be at most 9');
    expect((await chat.types('tom', '5')).text).toContain('How is it built?');
    expect((await chat.types('tom', 'sing')).text).toContain('way must be one of dig, pile');
    await chat.types('tom', 'pile');
    expect((await chat.types('tom', 'nowhere')).text).toContain('place must be one of north, south');
  });

  it('asks only for what is missing, and for nothing when nothing is', async () => {
    const { chat } = await desk();
    const asked = await chat.types('tom', '/build tower way=pile');
    expect(asked.text).toContain('How large is it?');
    expect((await chat.types('tom', '4')).text).toContain('Where does it stand?');
    expect((await chat.types('tom', '/build tower 4 pile')).text).toContain('Build tower?');
    expect((await chat.types('tom', '/build tower 44 pile')).text).toContain('size must be at most 9');
  });

  it('asks for what a button does not give', async () => {
    const { chat } = await desk();
    const offered = await chat.types('tom', '/offer');
    const asked = await chat.presses('tom', offered.button('Build a tower'));
    expect(asked.text).toContain('How large is it?');
    expect((await chat.types('tom', '4')).text).toContain('Where does it stand?');
  });

  it('goes back to an earlier question with what was said to it, and forward again', async () => {
    const { chat } = await desk();
    await chat.types('tom', '/build');
    await chat.types('tom', 'tower');
    const third = await chat.types('tom', '7');
    const back = await chat.presses('tom', third.button('Back'));
    expect(back.text).toContain('How large is it?');
    expect((await chat.presses('tom', back.button('Use 7'))).text).toContain('How is it built?');
    const late = await chat.presses('tom', third.button('dig'));
    expect(late.text).toContain('This question was answered already');
  });

  it('keeps the answers when together they cannot be, and lets them be changed', async () => {
    const { chat, built } = await desk();
    const last = await chat.types('tom', '/build tower 9');
    const refused = await chat
      .presses('tom', last.button('pile'))
      .then((place) => chat.presses('tom', place.button('Skip')));
    expect(refused.text).toContain('Nine is too large');
    const back = await chat.presses('tom', refused.button('Change the last answers'));
    expect(back.text).toContain('Where does it stand?');
    expect(built).toEqual([]);
  });

  it('is left by Cancel, and is then over', async () => {
    const { chat } = await desk();
    const asked = await chat.types('tom', '/build');
    const left = await chat.presses('tom', asked.button('Cancel'));
    expect(left.text).toContain('was not done');
    expect((await chat.types('tom', 'tower')).text).toContain('A command begins with a slash');
    expect((await chat.presses('tom', asked.button('Cancel'))).text).toContain('These questions are over');
  });

  it('waits while something else is done, also over a restart, and is gone on with or begun anew', async () => {
    const clock = new ManualClock();
    const before = await desk({ clock });
    await before.chat.types('tom', '/build');
    await before.chat.types('tom', 'tower');
    const after = await desk({ store: before.store, clock });
    const unfinished = await after.chat.types('tom', '/build');
    expect(unfinished.text).toContain('You have begun with /build');
    const resumed = await after.chat.presses('tom', unfinished.button('Go on'));
    expect(resumed.text).toContain('How large is it?');
    expect((await after.chat.types('tom', '2')).text).toContain('How is it built?');
    const again = await after.chat.types('tom', '/build');
    const anew = await after.chat.presses('tom', again.button('Start anew'));
    expect(anew.text).toContain('What is it called?');
    clock.advance(8 * 86_400_000);
    expect((await after.chat.types('tom', 'tower')).text, 'after a week it is over').toContain(
      'with a slash',
    );
  });

  it('is only for who began it, and only for who may use the command', async () => {
    const { chat } = await desk();
    expect((await chat.types('vera', '/build')).text).toContain('needs the role trader');
    const asked = await chat.types('tom', '/build');
    expect((await chat.presses('ann', asked.button('Cancel'))).text).toContain('Only tom may answer this');
    expect((await chat.types('ann', 'tower')).text).toContain('A command begins with a slash');
  });

  it('has every step in the audit log', async () => {
    const { chat } = await desk();
    await chat.types('tom', '/build');
    chat.clock.advance(1000);
    await chat.types('tom', 'babel');
    const [latest, first] = await chat.audit.latest({ limit: 10 });
    expect(first).toMatchObject({ caller: 'tom', command: '/build', outcome: 'asked' });
    expect(latest).toMatchObject({ outcome: 'asked', reason: 'There was a babel already.' });
  });
});

describe('a long command on a platform with forms', () => {
  it('opens a page at once, the next after a press, with menus where there is something to choose', async () => {
    const { chat, built } = await desk({ forms: true });
    const { form, shown } = await chat.types('tom', '/build');
    expect(shown, 'the form stands in place of a message').toEqual([]);
    expect(form?.fields, 'up to the question that depends on an answer of this page').toMatchObject([
      { name: 'name', required: true },
      { name: 'size', value: '3' },
      { name: 'way', choices: ['dig', 'pile'] },
    ]);
    const next = await chat.fillsIn('tom', form, { name: 'tower', size: '3', way: 'dig' });
    expect(next.text).toContain('depth: How deep is it dug?');
    const opened = await chat.presses('tom', next.button('Answer'));
    expect(opened.form?.fields.map(({ name }) => name)).toEqual(['depth', 'place']);
    const question = await chat.fillsIn('tom', opened.form, { depth: '2.5', place: 'north' });
    await chat.presses('tom', question.button('Confirm'));
    expect(built).toEqual([{ name: 'tower', size: 3, way: 'dig', depth: 2.5, place: 'north' }]);
  });

  it('keeps what was right in a form, and asks for the rest with what was typed', async () => {
    const { chat } = await desk({ forms: true });
    const { form } = await chat.types('tom', '/build');
    const wrong = await chat.fillsIn('tom', form, { name: 'tower', size: 'many', way: 'pile' });
    expect(wrong.text).toContain('size must be a whole number, not "many".');
    const again = await chat.presses('tom', wrong.button('Correct it'));
    expect(again.form?.fields.map(({ name, value }) => [name, value])).toEqual([
      ['size', 'many'],
      ['place', undefined],
    ]);
    const stale = await chat.fillsIn('tom', form, { name: 'another', size: '1', way: 'pile' });
    expect(stale.text, 'an old form counts no more').toContain('This question was answered already');
  });
});
