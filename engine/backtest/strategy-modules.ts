/**
 * How modules resolve for a strategy's file: `outcry` is this library, wherever the file lies, and
 * `outcry/trading-signals` the long tail of its indicators.
 */

/**
 * Hooks for `module.register()`, as a `data:` URL (they run in a thread of their own, without types). Files in the
 * strategy's folder count as ES modules even where no package.json says so, as in an uploaded folder.
 */
export function moduleHooks(library: string, file: string): string {
  const folder = new URL('.', `file://${encodeURI(file)}`).href;
  const tradingSignals = new URL('../indicators/trading-signals.ts', library).href;
  const code = `
    export async function resolve(specifier, context, next) {
      if (specifier === 'outcry') return { url: ${JSON.stringify(library)}, format: 'module', shortCircuit: true };
      if (specifier === 'outcry/trading-signals') {
        return { url: ${JSON.stringify(tradingSignals)}, format: 'module', shortCircuit: true };
      }
      const found = await next(specifier, context);
      return found.url.startsWith(${JSON.stringify(folder)}) && found.format === 'commonjs'
        ? { ...found, format: 'module' }
        : found;
    }`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}
