/**
 * The first code in a worker thread that is given its strategy compiled: it waits for the engine and the strategy, as texts,
 * and runs them. Where they could not be compiled it begins like every other worker thread.
 *
 * CommonJS, because a thread that loads no ES module starts a third sooner.
 */
const { Module, createRequire } = require('node:module');
const { parentPort } = require('node:worker_threads');

parentPort.once('message', (bundle) => {
  if (bundle === null) {
    import('../worker-start.mjs');
    return;
  }
  const { work, outcry } = run(bundle.engine, bundle.engineFile);
  // So that the stack of an error names the strategy's own file and line.
  process.setSourceMapsEnabled(true);
  const own = createRequire(__filename);
  // Copied, because each export of a bundle is a getter, which is slow until it is optimised.
  const engine = { ...outcry };
  work(async () => {
    const module = { exports: {} };
    run(bundle.strategy, bundle.strategyFile)(module, (name) => (name === 'outcry' ? engine : own(name)));
    return module.exports;
  });
});

/** A text as if it were a file's, by that name in stacks. */
function run(text, file) {
  const module = new Module(file);
  module.paths = [];
  module._compile(text, file);
  return module.exports;
}
