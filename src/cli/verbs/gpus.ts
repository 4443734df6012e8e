import { EXIT } from '../../engine/run.ts';
import type { GpuSurvey } from '../../modules/gpu/card-survey.ts';
import { gpuSurvey } from '../../modules/gpu/survey.ts';
import { jsonDocument, maskedTexts } from '../../report/document.ts';
import { type GpuHostView, gpuLines } from '../../report/gpus.ts';
import { compose } from '../compose.ts';
import { type Answer, look } from '../look.ts';
import type { HostOptions } from '../options.ts';
import { showProblems } from '../problems.ts';
import { lookProgress } from '../look-progress.ts';
import { print, printLines, terminalColumns } from '../print-lines.ts';

export interface GpusOptions extends HostOptions {
  readonly only?: 'ready' | 'not-ready' | 'kept';
  readonly requireReady?: boolean;
  readonly output?: 'table' | 'json';
}

/** `tsplay gpus`. */
export async function gpus(pattern: string, options: GpusOptions): Promise<number> {
  const composition = await compose(options);
  const progress = lookProgress();
  const args = { devices: "{{ gpu_devices | default('auto') }}", exclude: '{{ gpu_exclude | default([]) }}' };
  const question = { pattern, module: gpuSurvey, args, onAnswer: progress.show };
  const { answers, isInterrupted, frames } = await look(composition, question, options).finally(progress.clear);
  showProblems(composition.problems, composition.secrets);
  if (composition.problems.hasErrors) return EXIT.invalid;
  const seen = maskedTexts([...answers].map(viewOf), composition.secrets);
  if (options.output === 'json') await print(jsonDocument({ ...documentOf(seen, options), frames }));
  else
    await printLines(
      gpuLines(
        seen.map(({ view }) => view),
        { columns: terminalColumns(), only: options.only },
      ),
    );
  return isInterrupted
    ? EXIT.interrupted
    : exitCodeOf(
        seen.map(({ view }) => view),
        options,
      );
}

interface Seen {
  readonly view: GpuHostView;
  readonly survey: GpuSurvey | null;
}

function viewOf([host, answer]: readonly [string, Answer]): Seen {
  if (answer.kind !== 'seen') return { view: { host, kind: answer.kind, message: answer.message }, survey: null };
  const survey = answer.values['survey'] as GpuSurvey;
  return { view: { host, kind: 'seen', cards: survey.cards, warnings: survey.warnings }, survey };
}

/** The document of `--output json`, described in docs/gpus-and-doctor.md. */
function documentOf(seen: readonly Seen[], { only }: GpusOptions) {
  const cards = seen.flatMap(({ survey }) => survey?.cards ?? []);
  const count = (state: string) => cards.filter((card) => card.state === state).length;
  const of = (kind: GpuHostView['kind']) => seen.filter(({ view }) => view.kind === kind).length;
  return {
    version: 1,
    hosts: seen.map(({ view, survey }) =>
      survey === null || view.kind !== 'seen'
        ? { host: view.host, status: view.kind, message: 'message' in view ? view.message : '' }
        : {
            host: view.host,
            status: view.kind,
            ...survey,
            cards: survey.cards.filter((card) => only === undefined || card.state === only),
          },
    ),
    summary: {
      hosts: seen.length,
      seen: of('seen'),
      unreachable: of('unreachable'),
      failed: of('failed'),
      cards: cards.length,
      ready: count('ready'),
      notReady: count('not-ready'),
      kept: count('kept'),
    },
  };
}

/** A card that is not ready is what the list is for, not an error, unless it is asked for as one. */
function exitCodeOf(hosts: readonly GpuHostView[], { requireReady }: GpusOptions): number {
  if (hosts.some(({ kind }) => kind === 'unreachable')) return EXIT.unreachable;
  if (hosts.some(({ kind }) => kind === 'failed')) return EXIT.failed;
  const isUnready = hosts.some((host) => host.kind === 'seen' && host.cards.some(({ state }) => state === 'not-ready'));
  return requireReady === true && isUnready ? EXIT.drift : EXIT.converged;
}
