import { expect, it } from 'vitest';
import { type DiagnosisView, doctorLines, type FindingView, type PatientView } from './doctor.ts';
import { paint } from './paint.ts';

const finding = (number: number, status: FindingView['status'], changes: Partial<FindingView> = {}): FindingView => ({
  link: `link-${number}`,
  number,
  title: `title ${number}`,
  status,
  detail: `detail ${number}`,
  ...(status === 'broken' ? { mend: `mend ${number}` } : {}),
  ...changes,
});
const patient = (host: string, ...findings: readonly FindingView[]): PatientView => ({
  host,
  kind: 'seen',
  roles: ['compute'],
  findings,
});
const shown = (hosts: readonly PatientView[], fleet: readonly FindingView[] = [], all = false): string => {
  const view: DiagnosisView = { links: 15, hosts, fleet };
  return paint(doctorLines(view, { all }), { hasColour: false });
};

it('shows the links up to the first broken one, and what mends it', () => {
  const host = patient(
    'gpu01',
    finding(1, 'holds'),
    finding(2, 'not-checked'),
    finding(4, 'broken'),
    finding(5, 'broken'),
  );
  expect(shown([host])).toBe(`gpu01 (compute) broken at link-4, link 4 of 15
  ok           link-1: detail 1
  not checked  link-2: detail 2
  BROKEN       link-4: detail 4
               mend: mend 4

Mend first: link 4 of 15 (title 4) on gpu01
`);
});

it('a host where all is well takes one line, with what was not looked at', () => {
  const text = shown([patient('gpu01', finding(1, 'holds'), finding(2, 'holds'), finding(6, 'not-checked'))]);
  expect(text).toBe(`gpu01 (compute) 2 links hold; not checked: link-6 (detail 6)

Every link that could be checked holds. Not checked everywhere: link-6.
`);
});

it('of two hundred hosts, those that are well are one line, and the one that is not stands out', () => {
  const names = Array.from({ length: 200 }, (_, index) => `gpu${String(index + 1).padStart(3, '0')}`);
  const hosts = names.map((name) =>
    name === 'gpu100' ? patient(name, finding(4, 'broken')) : patient(name, finding(1, 'holds')),
  );
  expect(shown(hosts)).toBe(`gpu[001-099], gpu[101-200] (compute) 1 link holds
gpu100 (compute) broken at link-4, link 4 of 15
  BROKEN       link-4: detail 4
               mend: mend 4

Mend first: link 4 of 15 (title 4) on gpu100
`);
});

it('a few hosts keep a line each, in their order', () => {
  const hosts = [
    patient('gpu01', finding(1, 'holds')),
    patient('gpu02', finding(4, 'broken')),
    patient('gpu03', finding(1, 'holds')),
  ];
  expect(shown(hosts).match(/^gpu\d+/gm)).toEqual(['gpu01', 'gpu02', 'gpu03']);
});

it('only what was wholly looked at is called whole', () => {
  expect(shown([patient('gpu01', finding(1, 'holds'))])).toContain('The whole chain holds.');
});

it('names the earliest link of the fleet, and every host where it is broken', () => {
  const hosts = [
    patient('gpu01', finding(7, 'broken')),
    patient('gpu02', finding(4, 'broken')),
    patient('gpu03', finding(4, 'broken')),
  ];
  expect(shown(hosts)).toContain('Mend first: link 4 of 15 (title 4) on gpu02, gpu03\n');
});

it('a break that belongs to no host is named without one', () => {
  expect(shown([patient('gpu01', finding(1, 'holds'))], [finding(14, 'broken')])).toMatch(
    /^BROKEN {7}link-14: detail 14\n.*mend: mend 14\n\nMend first: link 14 of 15 \(title 14\)$/m,
  );
});

it('hosts that were not reached leave the chain unknown, never whole', () => {
  const text = shown([
    patient('gpu01', finding(1, 'holds')),
    { host: 'gpu02', kind: 'unreachable', message: 'refused' },
  ]);
  expect(text).toContain('gpu02 unreachable: refused\n');
  expect(text).toContain('1 host could not be looked at, so the rest of the chain is unknown.');
  expect(text).not.toContain('holds.');
});

it('with all links asked for, nothing is left out', () => {
  const text = shown(
    [patient('gpu01', finding(4, 'broken'), finding(5, 'holds')), patient('gpu02', finding(1, 'holds'))],
    [],
    true,
  );
  expect(text).toContain('  ok           link-5: detail 5\n');
  expect(text).toContain('  ok           link-1: detail 1\n');
});

it('hosts that have to do with nothing are counted, not listed', () => {
  const idle = (host: string): PatientView => ({ host, kind: 'seen', roles: [], findings: [] });
  const text = shown([idle('db01'), idle('db02'), idle('db03'), idle('db04'), idle('db05')]);
  expect(text).toContain('db[01-05]: no GPU for guests and no Nova controller\n');
  expect(text).toContain('Nothing to judge');
  expect(text).not.toContain('holds');
});

it('what a host wrote into its configuration cannot move the cursor', () => {
  const text = shown([patient('gpu01', finding(7, 'broken', { detail: 'x\u001b[2Jy' }))]);
  expect(text).toContain('x\\e[2Jy');
});
