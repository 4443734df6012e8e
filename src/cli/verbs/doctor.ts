import type { SecretRegistry } from '../../contract/secret.ts';
import { EXIT } from '../../engine/run.ts';
import { Unsafe } from '../../language/yaml/tags.ts';
import { DOCTOR_TEMPLATES } from '../../modules/doctor/args.ts';
import type { HostEvidence } from '../../modules/doctor/evidence.ts';
import { type Diagnosis, type Examination, examine, firstBreak } from '../../modules/doctor/examine.ts';
import { type Finding, LINKS, linkNumber, linkTitle } from '../../modules/doctor/findings.ts';
import { shellWord } from '../../modules/doctor/shell-word.ts';
import { doctorSurvey } from '../../modules/doctor/survey.ts';
import { jsonDocument, maskedTexts } from '../../report/document.ts';
import { type DiagnosisView, doctorLines, type FindingView, type PatientView } from '../../report/doctor.ts';
import { type Composition, compose } from '../compose.ts';
import { type Answer, look } from '../look.ts';
import { lookProgress } from '../look-progress.ts';
import type { HostOptions } from '../options.ts';
import { print, printLines } from '../print-lines.ts';
import { showProblems } from '../problems.ts';

export interface DoctorVerbOptions extends HostOptions {
  readonly flavor?: string;
  readonly all?: boolean;
  readonly output?: 'text' | 'json';
}

/** `tsplay doctor`. */
export async function doctor(pattern: string, options: DoctorVerbOptions): Promise<number> {
  const composition = await compose(options);
  if (options.flavor !== undefined && flavorOf(options.flavor).name.trim() === '')
    composition.problems.error('--flavor: the name of a flavor is missing', {
      hint: 'write gpu.a100, or gpu.a100=a100:1',
    });
  const { answers, diagnosis, isInterrupted, frames } = await diagnose(composition, pattern, options);
  showProblems(composition.problems, composition.secrets);
  if (composition.problems.hasErrors) return EXIT.invalid;
  const view = viewOf(maskedTexts([...answers].map(withoutEvidence), composition.secrets), diagnosis);
  if (options.output === 'json') await print(jsonDocument({ ...documentOf(view, diagnosis), frames }));
  else await printLines(doctorLines(view, { all: options.all === true }));
  return isInterrupted ? EXIT.interrupted : exitCodeOf(view);
}

/** Asks the hosts and judges their answers; secrets are masked in what is said of them. */
export async function diagnose(composition: Composition, pattern: string, options: DoctorVerbOptions) {
  const progress = lookProgress();
  const args = { ...DOCTOR_TEMPLATES, os_environment: cloudVariables(composition.secrets) };
  const question = { pattern, module: doctorSurvey, args, onAnswer: progress.show };
  const { answers, isInterrupted, frames } = await look(composition, question, options).finally(progress.clear);
  const evidence = [...answers.values()].flatMap((answer) =>
    answer.kind === 'seen' ? [answer.values['evidence'] as HostEvidence] : [],
  );
  const diagnosis = maskedTexts(examine(evidence, examinationOf(options)), composition.secrets);
  return { answers, diagnosis, isInterrupted, frames };
}

/** The OS_* variables of an openrc that was sourced here, for asking the API from a controller. Never templates. */
function cloudVariables(secrets: SecretRegistry): Readonly<Record<string, Unsafe>> {
  const own = Object.entries(process.env).filter(([name]) => name.startsWith('OS_'));
  for (const [name, value] of own) if (/PASSWORD|SECRET|TOKEN/.test(name) && value) secrets.add(value);
  return Object.fromEntries(own.map(([name, value]) => [name, new Unsafe(value)]));
}

interface Brief {
  readonly host: string;
  readonly kind: Answer['kind'];
  readonly message: string;
}

function withoutEvidence([host, answer]: readonly [string, Answer]): Brief {
  return { host, kind: answer.kind, message: answer.kind === 'seen' ? '' : answer.message };
}

function viewOf(briefs: readonly Brief[], { hosts, fleet }: Diagnosis): DiagnosisView {
  const byHost = new Map(hosts.map((one) => [one.host, one]));
  const patientOf = ({ host, kind, message }: Brief): PatientView => {
    if (kind !== 'seen') return { host, kind, message };
    const found = byHost.get(host);
    return { host, kind, roles: found?.roles ?? [], findings: (found?.findings ?? []).map(findingView) };
  };
  return { links: LINKS.length, hosts: briefs.map(patientOf), fleet: fleet.map(findingView) };
}

function findingView(finding: Finding): FindingView {
  return { ...finding, number: linkNumber(finding.link), title: linkTitle(finding.link) };
}

/** Commands that can be pasted: with the inventory that was given here. */
function examinationOf({ inventory, flavor }: DoctorVerbOptions): Examination {
  const sources = (inventory.length > 0 ? inventory : ['inventory/'])
    .map((source) => `-i ${shellWord(source)}`)
    .join(' ');
  const limit = (host: string) => (host === '' ? '' : ` --limit ${shellWord(host)}`);
  const remedies = {
    run: (host: string) => `tsplay run playbooks/gpu-cloud.yaml ${sources}${limit(host)}`,
    reboot: (host: string) => `tsplay run playbooks/rolling-reboot.yaml ${sources}${limit(host)}`,
  };
  return { remedies, ...(flavor === undefined ? {} : { flavor: flavorOf(flavor) }) };
}

/** @example flavorOf('gpu.a100=a100:1') // { name: 'gpu.a100', alias: 'a100:1' } */
function flavorOf(text: string): NonNullable<Examination['flavor']> {
  const at = text.indexOf('=');
  return at < 0 ? { name: text } : { name: text.slice(0, at), alias: text.slice(at + 1) };
}

/** The document of `--output json`, described in docs/gpus-and-doctor.md. */
function documentOf({ hosts, fleet, links }: DiagnosisView, diagnosis: Diagnosis) {
  const patients = hosts.map((host) => {
    if (host.kind !== 'seen') return { host: host.host, status: host.kind, message: host.message };
    const { roles, findings } = host;
    const first = findings.find(({ status }) => status === 'broken');
    return { host: host.host, status: host.kind, roles, brokenAt: first?.link ?? null, findings };
  });
  return { version: 1, links, firstBreak: firstBreak(diagnosis) ?? null, hosts: patients, fleet };
}

function exitCodeOf({ hosts, fleet }: DiagnosisView): number {
  const findings = [...hosts.flatMap((host) => (host.kind === 'seen' ? host.findings : [])), ...fleet];
  if (hosts.some(({ kind }) => kind === 'unreachable')) return EXIT.unreachable;
  if (hosts.some(({ kind }) => kind === 'failed')) return EXIT.failed;
  if (hosts.every((host) => host.kind === 'seen' && host.roles.length === 0)) return EXIT.invalid;
  return findings.some(({ status }) => status === 'broken') ? EXIT.drift : EXIT.converged;
}
