// The arrows of the house: floor by floor, downwards, no circles, each outside library in its one room.

const floor = {
  bot: '^bot/',
  commands: '^commands/',
  desk: '^engine/desk(\\.ts$|/)',
  decisions: '^engine/(plans|signals|tasks)/',
  work: '^engine/(backtest|reports|execution)/',
  rooms: '^engine/(market|indicators|jobs|bank|brokers)/',
  ground: '^engine/(store/|[a-z-]+\\.ts$)',
};
const above = {
  commands: [floor.bot],
  desk: [floor.bot, floor.commands],
  decisions: [floor.bot, floor.commands, floor.desk],
  work: [floor.bot, floor.commands, floor.desk, floor.decisions],
  rooms: [floor.bot, floor.commands, floor.desk, floor.decisions, floor.work],
  ground: [floor.bot, floor.commands, floor.desk, floor.decisions, floor.work, floor.rooms],
};

/** Outside library -> the only room that may import it. */
const rooms = {
  'discord\\.js': '^bot/chat/discord/',
  telegraf: '^bot/chat/telegram/',
  fastify: '^bot/webhook/',
  '@fastify/(helmet|rate-limit)': '^bot/webhook/',
  yaml: '^bot/config/',
  nodemailer: '^bot/mail/',
  pino: '^bot/log\\.ts$',
  mongodb: '^engine/store/mongo/',
  'p-limit': '^engine/store/mongo/',
  libsql: '^engine/store/sqlite/',
  agenda: '^engine/jobs/',
  '@agendajs/mongo-backend': '^engine/jobs/',
  papaparse: '^engine/(market/sources|reports)/',
  'chart\\.js|chartjs-.*|@fontsource/.*|canvas': '^engine/reports/',
  '@stoqey/ib': '^engine/(brokers|market/sources)/ib/',
  'trading-signals': '^engine/indicators/trading-signals\\.ts$',
  esbuild: '^engine/(backtest/strategy-bundle|tasks/compile)\\.ts$',
  'big\\.js': '^engine/money\\.ts$',
  ccxt: '^engine/brokers/ccxt/',
};

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'product-without-tests',
      severity: 'error',
      from: { path: '^(bot|commands|engine)/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'no-development-dependency',
      severity: 'error',
      from: { path: '^(bot|commands|engine)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    ...Object.entries(above).map(([name, paths]) => ({
      name: `only-downwards-from-${name}`,
      severity: 'error',
      from: { path: floor[name], pathNot: name === 'ground' ? floor.desk : undefined },
      to: { path: paths.join('|') },
    })),
    {
      name: 'commands-know-no-platform',
      severity: 'error',
      from: { path: floor.commands },
      to: {
        path: '^engine/',
        pathNot: '^engine/(desk|errors|money|nearest)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    ...Object.entries(rooms).map(([library, room]) => ({
      name: `one-room-for-${library.replace(/[^a-z.-]/g, '')}`,
      severity: 'error',
      from: { path: '^(bot|commands|engine)/', pathNot: room },
      to: { path: `^node_modules/(${library})/` },
    })),
  ].map(withoutUndefined),
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.json'],
    },
    skipAnalysisNotInRules: true,
  },
};

function withoutUndefined(rule) {
  return JSON.parse(JSON.stringify(rule));
}
