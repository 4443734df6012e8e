import { hostCount, hostNames } from './host-names.ts';
import { EMPTY, type Line, prose, span, type Style, textOf, verbatim } from './line.ts';

/** One link of the chain as it is shown. */
export interface FindingView {
  readonly link: string;
  /** Place in the chain, from 1. */
  readonly number: number;
  readonly title: string;
  readonly status: 'holds' | 'broken' | 'not-checked';
  readonly detail: string;
  readonly mend?: string;
}

/** What was found on one host, or why nothing was. */
export type PatientView =
  | {
      readonly host: string;
      readonly kind: 'seen';
      readonly roles: readonly string[];
      readonly findings: readonly FindingView[];
    }
  | { readonly host: string; readonly kind: 'unreachable' | 'failed'; readonly message: string };

export interface DiagnosisView {
  /** Links in the whole chain. */
  readonly links: number;
  readonly hosts: readonly PatientView[];
  readonly fleet: readonly FindingView[];
}

export interface DoctorOptions {
  /** Show all links of all hosts, also after the first broken one. */
  readonly all: boolean;
}

const WORDS = { holds: 'ok', broken: 'BROKEN', 'not-checked': 'not checked' } as const;
const STYLES: Readonly<Record<FindingView['status'], Style>> = {
  holds: 'ok',
  broken: 'failed',
  'not-checked': 'changed',
};
const WORD_WIDTH = 13;

/** Host by host as far as the first broken link, then the fleet, then what to mend first. */
export function doctorLines(view: DiagnosisView, options: DoctorOptions): readonly Line[] {
  const idle = view.hosts.flatMap((host) => (host.kind === 'seen' && host.roles.length === 0 ? [host.host] : []));
  return [
    ...groupsOf(view, options).flatMap((hosts) => groupLines(hosts, view, options)),
    ...view.fleet.flatMap((finding) => findingLines(finding, 0)),
    ...(idle.length > 0
      ? [prose(0, span(`${hostNames(idle, view.hosts.length)}: no GPU for guests and no Nova controller`, 'dim'))]
      : []),
    EMPTY,
    ...verdictLines(view),
  ];
}

/** So many hosts with the very same line are one line. */
const MANY = 10;

/** Hosts in their order, those of which one line says the same together: in a fleet what differs must not drown in what is well. */
function groupsOf(view: DiagnosisView, options: DoctorOptions): readonly (readonly PatientView[])[] {
  const keyOf = (host: PatientView) => {
    const [only, ...more] = hostLines({ ...host, host: '' }, view, options);
    return only !== undefined && more.length === 0 ? textOf(only) : host.host;
  };
  const groups = Map.groupBy(view.hosts, keyOf);
  return view.hosts.flatMap((host) => {
    const same = groups.get(keyOf(host)) ?? [host];
    if (same.length < MANY) return [[host]];
    return same[0] === host ? [same] : [];
  });
}

function groupLines(hosts: readonly PatientView[], view: DiagnosisView, options: DoctorOptions): readonly Line[] {
  const [first] = hosts;
  if (first === undefined) return [];
  const names = hostNames(
    hosts.map(({ host }) => host),
    view.hosts.length,
  );
  return hostLines({ ...first, host: names }, view, options);
}

function hostLines(host: PatientView, { links }: DiagnosisView, { all }: DoctorOptions): readonly Line[] {
  if (host.kind !== 'seen')
    return [prose(0, span(host.host, 'bold'), span(` ${host.kind}`, host.kind), span(`: ${host.message}`))];
  if (host.roles.length === 0) return [];
  const who = [span(host.host, 'bold'), span(` (${host.roles.join(', ')})`)];
  const broken = host.findings.find(({ status }) => status === 'broken');
  const shown = all ? host.findings : host.findings.slice(0, broken ? host.findings.indexOf(broken) + 1 : 0);
  const list = shown.flatMap((finding) => findingLines(finding, 2));
  if (broken)
    return [
      prose(0, ...who, span(` broken at ${broken.link}`, 'failed'), span(`, link ${broken.number} of ${links}`)),
      ...list,
    ];
  const open = host.findings.filter(({ status }) => status === 'not-checked');
  const held = host.findings.length - open.length;
  const fine = span(` ${held} ${held === 1 ? 'link holds' : 'links hold'}`, 'ok');
  const rest = open.map(({ link, detail }) => `${link} (${detail})`).join(', ');
  return [prose(0, ...who, fine, ...(rest === '' ? [] : [span(`; not checked: ${rest}`)])), ...list];
}

function findingLines({ status, link, detail, mend }: FindingView, indent: number): readonly Line[] {
  const word = WORDS[status].padEnd(WORD_WIDTH);
  return [
    prose(indent, span(word, STYLES[status]), span(`${link}: `, 'bold'), span(detail)),
    ...(mend === undefined ? [] : [verbatim(indent + WORD_WIDTH, span('mend: ', 'bold'), span(mend))]),
  ];
}

function verdictLines({ hosts, fleet, links }: DiagnosisView): readonly Line[] {
  if (hosts.every((host) => host.kind === 'seen' && host.roles.length === 0))
    return [prose(0, span('Nothing to judge: no GPU host and no Nova controller is among these hosts.', 'failed'))];
  const breaks = breaksOf(hosts, fleet);
  const [first] = breaks;
  const lost = hosts.filter(({ kind }) => kind !== 'seen');
  const missing =
    lost.length > 0
      ? [
          prose(
            0,
            span(`${hostCount(lost.length)} could not be looked at, so the rest of the chain is unknown.`, 'failed'),
          ),
        ]
      : [];
  if (first) {
    const same = breaks.filter(({ number }) => number === first.number);
    const names = same.flatMap(({ host }) => (host === null ? [] : [host]));
    const where = names.length > 0 ? ` on ${hostNames(names, hosts.length)}` : '';
    return [
      prose(0, span('Mend first: ', 'failed'), span(`link ${first.number} of ${links} (${first.title})${where}`)),
      ...missing,
    ];
  }
  const open = new Set(
    [...hosts.flatMap((host) => (host.kind === 'seen' ? host.findings : [])), ...fleet]
      .filter(({ status }) => status === 'not-checked')
      .map(({ link }) => link),
  );
  const all = span(open.size === 0 ? 'The whole chain holds.' : 'Every link that could be checked holds.', 'ok');
  const rest = open.size === 0 ? [] : [span(` Not checked everywhere: ${[...open].join(', ')}.`)];
  return [...(missing.length > 0 ? [] : [prose(0, all, ...rest)]), ...missing];
}

function breaksOf(hosts: readonly PatientView[], fleet: readonly FindingView[]) {
  const onHosts = hosts.flatMap((host) => {
    const found = host.kind === 'seen' ? host.findings.find(({ status }) => status === 'broken') : undefined;
    return found ? [{ ...found, host: host.host }] : [];
  });
  const elsewhere = fleet.flatMap((found) => (found.status === 'broken' ? [{ ...found, host: null }] : []));
  return [...onHosts, ...elsewhere].sort((a, b) => a.number - b.number);
}
