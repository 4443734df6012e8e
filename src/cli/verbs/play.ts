import { run } from '../../engine/run.ts';
import type { Reporter } from '../../contract/event.ts';
import { jsonLinesReporter } from '../../report/json-lines.ts';
import { plainReporter } from '../../report/plain.ts';
import { prettyReporter } from '../../report/pretty.ts';
import { streamSink } from '../../report/printable.ts';
import { type Composition, compose, runInput } from '../compose.ts';
import { interruptible } from '../interrupt.ts';
import { list } from '../listing.ts';
import type { PlayOptions } from '../options.ts';
import { showProblems } from '../problems.ts';

/** `tsplay run` and `tsplay check`. Resolves to the exit code. */
export async function play(files: readonly string[], mode: 'run' | 'check', options: PlayOptions): Promise<number> {
  const composition = await compose(options);
  const input = await runInput(composition, files, mode, options);
  showProblems(composition.problems, composition.secrets);
  if (composition.problems.hasErrors) return 1;
  if (options.syntaxCheck) return 0;
  if (options.listHosts || options.listTasks || options.listTags) return list(input, options);
  const reporter = reporterFor(options, composition);
  const release = interruptible(input.stop, reporter);
  try {
    return await run({ ...input, reporters: [reporter] });
  } finally {
    release();
    await reporter.close();
  }
}

function reporterFor(options: PlayOptions, { secrets }: Composition): Reporter {
  const sink = streamSink(process.stdout, secrets);
  const isTerminal = process.stdout.isTTY === true;
  const format = options.output ?? (isTerminal && !process.env.CI ? 'pretty' : 'plain');
  if (format === 'json') return jsonLinesReporter(sink);
  const hasColour = isTerminal && !process.env.NO_COLOR;
  if (format === 'plain') return plainReporter(sink, { verbosity: options.verbose, hasColour });
  return prettyReporter(sink, {
    verbosity: options.verbose,
    hasColour,
    columns: () => process.stdout.columns ?? 100,
    rows: () => process.stdout.rows ?? 24,
  });
}
