import { expect, it } from 'vitest';
import { actionsOf } from '../../commands/command.ts';
import { commands } from '../../commands/index.ts';
import { type DiscordFloor, discordFloor } from './floors/discord.ts';
import { playScripts } from './scripts/play.ts';
import { refusesLowerRoles } from './scripts/refusals.ts';

playScripts('on Discord', discordFloor, (floor: () => DiscordFloor) => {
  refusesLowerRoles(floor);

  it('is not confirmed by anybody but who asked', async () => {
    const { people } = floor();
    await people.ann.types('/book deposit guest 1', { shows: ['Deposit 1 USD into guest?'] });
    await people.tom.presses('Confirm', { shows: ['needs the role admin'], tone: 'danger' });
    await people.tom.types('/suspend entries guest', { shows: ['guest is suspended'] });
    await people.tom.types('/panic guest', { shows: ['Panic?'] });
    await people.ann.presses('Confirm', { shows: ['Only tom may press this button.'], tone: 'danger' });
    await people.tom.presses('Cancel', { shows: ['was not done'] });
    await people.tom.types('/resume guest', { shows: ['End the suspension of guest, PAPER shared?'] });
    await people.tom.presses('Confirm', { shows: ['guest trades again.'] });
  });

  it('offers values for each option that has some, in time and at most 25', async () => {
    const ann = floor().user('ann');
    const offered = new Map<string, number>();
    for (const { words, action } of commands.flatMap(actionsOf)) {
      for (const [name, option] of Object.entries(action.options)) {
        if (!option.suggest) continue;
        const choices = await ann.complete(words.join(' '), name, '');
        expect(choices.length, `/${words.join(' ')} ${name}`).toBeLessThanOrEqual(25);
        offered.set(`${words.join(' ')} ${name}`, choices.length);
      }
    }
    expect(offered.get('book show book')).toBe(5);
    expect(offered.get('broker status broker')).toBe(3);
    expect(offered.get('backtest strategy')).toBeGreaterThanOrEqual(3);
  });
});
