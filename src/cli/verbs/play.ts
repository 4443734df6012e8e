import { EXIT, run } from '../../engine/run.ts';
import type { Reporter } from '../../contract/event.ts';
import { formatFor, hasColour } from '../../report/format.ts';
import { jsonGap, jsonLinesReporter } from '../../report/json-lines.ts';
import { masked } from '../../report/masked.ts';
import { plainReporter } from '../../report/plain.ts';
import { streamSink } from '../../report/sink.ts';
import { type Composition, compose, runInput } from '../compose.ts';
import { fitHeapTo } from '../heap.ts';
import { interruptible } from '../interrupt.ts';
import { list } from '../listing.ts';
import type { PlayOptions } from '../options.ts';
import { showLateProblems, showProblems } from '../problems.ts';

/** `tsplay run` and `tsplay check`. Resolves to the exit code. */
export async function play(files: readonly string[], mode: 'run' | 'check', options: PlayOptions): Promise<number> {
  const composition = await compose(options);
  const input = await runInput(composition, files, mode, options);
  showProblems(composition.problems, composition.secrets);
  if (composition.problems.hasErrors) return EXIT.invalid;
  if (options.syntaxCheck) return EXIT.converged;
  if (options.listHosts || options.listTasks || options.listTags) return list(input, options);
  fitHeapTo(input.limit?.size ?? input.inventory.hosts.size);
  const reporter = await reporterFor(options, composition);
  const release = interruptible(input.stop, reporter);
  const known = composition.problems.list.length;
  let exitCode: number;
  try {
    exitCode = await run({ ...input, reporters: [reporter] });
  } finally {
    release();
    await reporter.close();
  }
  // Variable files of a host that only delegate_to or hostvars name are read during the run.
  const hasLateErrors = showLateProblems(composition.problems.list.slice(known), composition.secrets);
  return hasLateErrors && exitCode === EXIT.converged ? EXIT.failed : exitCode;
}

/** Masked before anything else sees the events; which secrets there are may grow during the run. */
async function reporterFor(options: PlayOptions, { secrets }: Composition): Promise<Reporter> {
  const { stdout, env } = process;
  const surroundings = { isTerminal: stdout.isTTY === true, env };
  const format = formatFor(options.output, surroundings);
  // The structure of JSON must survive whatever the secrets are: there only the events' values are masked.
  if (format === 'json') return masked(jsonLinesReporter(streamSink(stdout, { gap: jsonGap })), secrets);
  const sink = streamSink(stdout, { secrets });
  const columns = () => stdout.columns || 100;
  const look = { verbosity: options.verbose, words: process.argv.slice(2), hasColour: hasColour(surroundings) };
  if (format === 'plain')
    return masked(plainReporter(sink, surroundings.isTerminal ? { ...look, columns } : look), secrets);
  const { prettyReporter } = await import('../../report/pretty.ts');
  const onResumed = (forget: () => void) => process.on('SIGCONT', forget);
  return masked(prettyReporter(sink, { ...look, columns, rows: () => stdout.rows || 24, onResumed }), secrets);
}
