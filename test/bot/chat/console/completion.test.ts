import { describe, expect, it } from 'vitest';
import { completionOf } from '../../../../bot/chat/console/completion.ts';
import { commands } from '../../../../commands/index.ts';

describe('the Tab key', () => {
  it('offers the commands while the first word is typed', () => {
    expect(completionOf('/ba', commands)).toMatchObject({ kind: 'words', typed: '/ba' });
    expect(completionOf('', commands)).toMatchObject({
      candidates: expect.arrayContaining(['/help ', '/backtest ']),
    });
  });

  it('offers the subcommands of a command that has some', () => {
    expect(completionOf('/plan ', commands)).toMatchObject({
      kind: 'words',
      typed: '',
      candidates: expect.arrayContaining(['list ', 'run ', 'dryrun ']),
    });
  });

  it('asks the desk for the values of the option whose place it is, and offers the names of the others', () => {
    expect(completionOf('/backtest sma_cross SP', commands)).toMatchObject({
      kind: 'value',
      command: ['backtest'],
      option: 'symbols',
      typed: 'SP',
      names: expect.arrayContaining(['symbols=', 'from=', 'cash=']),
    });
    expect(completionOf('/book show ', commands)).toMatchObject({
      command: ['book', 'show'],
      option: 'book',
    });
  });

  it('asks for the values of an option that is named', () => {
    expect(completionOf('/backtest sma_cross SP500 source=de', commands)).toMatchObject({
      kind: 'value',
      option: 'source',
      typed: 'de',
    });
  });

  it('does not count named options as places', () => {
    expect(completionOf('/backtest cash=5 sma_cross ', commands)).toMatchObject({ option: 'symbols' });
  });

  it('offers nothing for a command that does not exist', () => {
    expect(completionOf('/nothing ', commands)).toEqual({ kind: 'words', typed: '', candidates: [] });
  });
});
