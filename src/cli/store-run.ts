/** `seglog store run`: a store in the foreground, with its retention, its checkpoints and its cleaners. */
import type { Command } from 'commander';
import { systemClock } from '../clock/clock.ts';
import type { LoadProgress } from '../store/options.ts';
import { Store } from '../store/store.ts';
import { collectConfig, CONFIG_OPTION, parseCount } from './arguments.ts';
import { EXIT, tell, ToldError } from './exit-codes.ts';
import { abortOnSignals } from './signals.ts';
import { collectDirectory, DIR_HELP, DIR_OPTION } from './store-directories.ts';
import { type Display, LinesDisplay, ScreenDisplay } from './store-run/display.ts';
import { eventLogger } from './store-run/event-text.ts';
import { MetricsServer } from './store-run/metrics-server.ts';
import { policyOf, runSettings, type RunSettings } from './store-run/settings.ts';

/** How often the view is drawn. */
const TICK_MS = 500;
const DEFAULT_THREADS = 1;

interface RunArguments {
  readonly dir: readonly string[];
  readonly config?: readonly (readonly [string, string])[];
  readonly json?: boolean;
  readonly metrics?: number;
}

function displayFor(json: boolean, { ofStore }: RunSettings): Display {
  // A terminal that does not know its size cannot be drawn on.
  const { isTTY, columns, rows } = process.stdout;
  const isLive = !json && isTTY && columns > 0 && rows > 0;
  if (!isLive) return new LinesDisplay(process.stdout, json);
  return new ScreenDisplay(process.stdout, systemClock, ofStore.logCleanerThreads ?? DEFAULT_THREADS);
}

/** Before anything is deleted or compacted: by what. */
function tellPolicies(store: Store, settings: RunSettings, display: Display, json: boolean): void {
  tell('topics go by what they say themselves, then by --config; what neither says is kept for ever:');
  for (const name of store.topics({ internal: true })) {
    const { topic, settings: of } = policyOf(store.describeTopic(name), settings);
    const text = of.map(({ name: key, value, source }) => `${key}=${value} (${source})`).join(' ');
    tell(`${topic}: ${text}`);
    if (!json) continue;
    const named = of.map(({ name: key, value, source }) => [key, { value, source }] as const);
    const fields = { event: 'policy', name: topic, settings: Object.fromEntries(named) };
    display.event({ timeMs: systemClock.now(), level: 'info', fields, message: 'policy of a topic' });
  }
}

/** Whether something is wrong with the store. */
function hasFindings(store: Store): boolean {
  const { troubled, uncleanable, directories } = store.status();
  return troubled.length + uncleanable.length > 0 || directories.some(({ isOnline }) => !isOnline);
}

async function runStore(store: Store, display: Display, signal: AbortSignal): Promise<boolean> {
  try {
    while (!signal.aborted && !display.isOver) {
      display.tick(store);
      // Nothing of the store keeps the process alive; this does.
      await systemClock.sleep(TICK_MS, signal);
    }
    tell('stopping: the logs are being closed; another Ctrl-C ends it at once, and unclean');
    return hasFindings(store);
  } finally {
    await store.close();
  }
}

async function run({ dir, config, json = false, metrics }: RunArguments): Promise<void> {
  const signal = abortOnSignals();
  const settings = runSettings(config);
  const display = displayFor(json, settings);
  const server = metrics === undefined ? undefined : await MetricsServer.listen(metrics);
  let findings: boolean;
  try {
    const store = await Store.open(dir, {
      ...settings.defaults,
      ...settings.ofStore,
      logger: eventLogger(systemClock, (event) => display.event(event)),
      onProgress: (progress: LoadProgress) => display.loading?.(progress),
    });
    display.loaded?.();
    tellPolicies(store, settings, display, json);
    server?.serve(store);
    if (server !== undefined) tell(`metrics for Prometheus: ${server.url}`);
    findings = await runStore(store, display, signal);
  } finally {
    await server?.close();
    await display.end();
  }
  if (findings) throw new ToldError(EXIT.findings);
}

/** Adds `store run` to `store`. */
export function registerStoreRun(store: Command): void {
  store
    .command('run')
    .description(
      'open the store and run its retention, checkpoints and cleaners in the foreground, until Ctrl-C; prints what happens: ' +
        'a live view on a terminal, else a line for each event',
    )
    .requiredOption(DIR_OPTION, DIR_HELP, collectDirectory)
    .option(
      CONFIG_OPTION,
      "in Kafka's names: what topics go by that say nothing themselves (retention.ms=604800000; without it they are kept for " +
        'ever), or a setting of the store (log.cleaner.threads, log.cleaner.backoff.ms, log.retention.check.interval.ms, ...); may repeat',
      collectConfig,
    )
    .option('--json', 'one JSON object for each event: time, level, event, its fields (docs/metrics.md), message')
    .option('--metrics <port>', 'serve metrics to Prometheus at http://127.0.0.1:<port>/metrics', parseCount)
    .action(run);
}
