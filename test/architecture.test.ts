/** The arrows of the design: a rule that sees no modules, or that nothing can break, protects nothing. */
import { createRequire } from 'node:module';
import { cruise, type IConfiguration, type ICruiseResult } from 'dependency-cruiser';
import { describe, expect, it } from 'vitest';

const config: IConfiguration = createRequire(import.meta.url)('../.dependency-cruiser.cjs');

async function cruised(forbidden = config.forbidden ?? []): Promise<ICruiseResult> {
  const { output } = await cruise(['bot', 'commands', 'engine'], {
    ...config.options,
    ruleSet: { ...config, forbidden },
    validate: true,
  });
  if (typeof output === 'string') throw new Error(output);
  return output;
}

describe('the dependency rules', () => {
  it('see every module of the product, and none breaks them', async () => {
    const { summary, modules } = await cruised();
    const own = modules.filter(({ source }) => /^(bot|commands|engine)\//.test(source));
    expect(own.length, 'the rules must not pass because they saw nothing').toBeGreaterThan(100);
    expect(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
  });

  it('would see a library outside its room', async () => {
    const { summary } = await cruised([
      {
        name: 'nobody-may-import-libsql',
        severity: 'error',
        from: {},
        to: { path: '^node_modules/libsql/' },
      },
      {
        name: 'nobody-may-import-discord',
        severity: 'error',
        from: {},
        to: { path: '^node_modules/discord\\.js/' },
      },
      { name: 'nobody-may-import-the-store', severity: 'error', from: {}, to: { path: '^engine/store/' } },
    ]);
    const broken = new Set(summary.violations.map(({ rule }) => rule.name));
    expect([...broken].sort()).toEqual([
      'nobody-may-import-discord',
      'nobody-may-import-libsql',
      'nobody-may-import-the-store',
    ]);
  });
});
