import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { playText } from '../support/play.ts';

const FACTLESS = '  hosts: all\n  gather_facts: false\n';
const HOSTS = ['h1', 'h2', 'h3', 'h4'];

/** The greatest number of hosts that were inside at once, from lines of `+` and `-`. */
function crowd(path: string): number {
  let inside = 0;
  return Math.max(
    ...readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => (inside += line === '+' ? 1 : -1)),
  );
}

test('throttle lets so many hosts into a task at once, and other tasks go on', async () => {
  const { directory, exitCode } = await playText(
    `- name: p
${FACTLESS}  tasks:
    - {name: few, throttle: 2, shell: "echo + >> {{ playbook_dir }}/few; sleep 0.1; echo - >> {{ playbook_dir }}/few"}
    - {name: many, shell: "echo + >> {{ playbook_dir }}/many; sleep 0.4; echo - >> {{ playbook_dir }}/many"}
`,
    { hosts: HOSTS },
  );
  expect(exitCode).toBe(0);
  expect(crowd(join(directory, 'few'))).toBe(2);
  expect(crowd(join(directory, 'many'))).toBeGreaterThan(2);
});

test('pinned, no more hosts than forks are in the play at once, and none waits for those that have not begun', async () => {
  const { log, exitCode } = await playText(
    `- name: p
${FACTLESS}  strategy: host_pinned
  tasks:
    - {name: a, command: sleep 0.05}
    - {name: b, debug: {msg: "{{ hostvars['h4'].inventory_hostname }}"}}
`,
    { hosts: HOSTS, forks: 1 },
  );
  expect(exitCode).toBe(0);
  expect(log).toEqual(HOSTS.flatMap((host) => [`a@${host} changed`, `b@${host} ok`]));
});

test('a variable that rests on hostvars waits for the host it asks about', async () => {
  const { results } = await playText(
    `- name: p
${FACTLESS}  vars: {peer: "{{ hostvars['h1'].answer.stdout }}", far: "{{ peer }}"}
  tasks:
    - {name: slow, shell: "sleep 0.3; echo there", register: answer, when: inventory_hostname == 'h1'}
    - {name: ask, debug: {msg: "{{ far }}"}}
`,
    { hosts: ['h1', 'h2'] },
  );
  expect([...results('ask').values()].map(({ values }) => values.msg)).toEqual(['there', 'there']);
});

test('a template file that reads hostvars waits for all hosts, as /etc/hosts does for their addresses', async () => {
  const { directory, exitCode } = await playText(
    `- name: p
${FACTLESS}  tasks:
    - {name: slow, shell: "sleep 0.3; echo 10.0.0.2", register: address, when: inventory_hostname == 'h2'}
    - {name: write, template: {src: hosts.j2, dest: "{{ playbook_dir }}/{{ inventory_hostname }}"}}
`,
    { hosts: ['h1', 'h2'], files: { 'templates/hosts.j2': "{{ hostvars['h2'].address.stdout }}\n" } },
  );
  expect(exitCode).toBe(0);
  expect(readFileSync(join(directory, 'h1'), 'utf8')).toBe('10.0.0.2\n');
});

test('in a check, a template file that rests on what a command would print is unknown', async () => {
  const { results, exitCode } = await playText(
    `- name: p
${FACTLESS}  tasks:
    - {name: ask, command: hostname, register: said}
    - {name: write, template: {src: t.j2, dest: "{{ playbook_dir }}/t"}}
`,
    { mode: 'check', files: { 'templates/t.j2': '{{ said.stdout }}\n' } },
  );
  expect(results('write').get('h1')?.status).toBe('unknown');
  expect(exitCode).toBe(3);
});

test('hosts that failed are no longer among those of the play', async () => {
  const { results } = await playText(
    `- name: p
${FACTLESS}  tasks:
    - {name: slow, shell: "sleep 0.2; false", when: inventory_hostname == 'h1'}
    - {name: who, debug: {msg: "{{ ansible_play_hosts | join(',') }} {{ ansible_play_batch | join(',') }}"}}
`,
    { hosts: ['h1', 'h2', 'h3'] },
  );
  expect(results('who').get('h2')?.values.msg).toBe('h2,h3 h2,h3');
});

test('a task that takes longer than its timeout fails, and its program is ended', async () => {
  const { directory, results, exitCode } = await playText(`- name: p
${FACTLESS}  tasks:
    - {name: long, timeout: 1, shell: "sleep 3; echo > {{ playbook_dir }}/done"}
`);
  expect(exitCode).toBe(2);
  expect(results('long').get('h1')?.status).toBe('failed');
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(existsSync(join(directory, 'done'))).toBe(false);
}, 10_000);

test('no_log hides every item of a loop, labels too, and the values still register', async () => {
  const { events, results } = await playText(`- name: p
${FACTLESS}  tasks:
    - {name: quiet, command: "echo {{ item }}-echoed", loop: [hush-one, hush-two], no_log: true, register: r}
    - {name: loud, debug: {msg: "{{ r.results | length }}"}}
`);
  expect(JSON.stringify(events)).not.toMatch(/hush-/);
  expect(results('loud').get('h1')?.values.msg).toBe(2);
});

test('a checked task of a real run leaves no trace in what later tasks see', async () => {
  const { directory, results } = await playText(`- name: p
${FACTLESS}  tasks:
    - {name: foretold, copy: {content: "x\\n", dest: "{{ playbook_dir }}/f"}, check_mode: true}
    - {name: seen, stat: {path: "{{ playbook_dir }}/f"}}
    - {name: edited, lineinfile: {path: "{{ playbook_dir }}/f", line: y, create: true}}
`);
  expect(results('foretold').get('h1')?.status).toBe('changed');
  expect(results('seen').get('h1')?.values.stat).toMatchObject({ exists: false });
  expect(readFileSync(join(directory, 'f'), 'utf8')).toBe('y\n');
});

test('in a check, check_mode false really runs and later tasks see what it did', async () => {
  const { directory, results } = await playText(
    `- name: p
${FACTLESS}  tasks:
    - {name: before, stat: {path: "{{ playbook_dir }}/f"}}
    - {name: real, shell: "echo 1 > {{ playbook_dir }}/f", check_mode: false}
    - {name: planned, copy: {content: "2\\n", dest: "{{ playbook_dir }}/f"}}
    - {name: again, copy: {content: "2\\n", dest: "{{ playbook_dir }}/f"}}
`,
    { mode: 'check' },
  );
  expect(readFileSync(join(directory, 'f'), 'utf8')).toBe('1\n');
  expect(results('planned').get('h1')?.diffs).toMatchObject([{ before: '1\n', after: '2\n' }]);
  expect(results('again').get('h1')?.status).toBe('ok');
});

test('a file that a task of the controller made is read when its turn comes, not before', async () => {
  const { directory } = await playText(
    `- name: p
${FACTLESS}  tasks:
    - {name: make, shell: "echo new > {{ playbook_dir }}/files/src", delegate_to: localhost, run_once: true}
    - {name: send, copy: {src: src, dest: "{{ playbook_dir }}/{{ inventory_hostname }}"}}
`,
    { hosts: ['h1', 'h2'], files: { 'files/src': 'old\n' } },
  );
  expect(['h1', 'h2'].map((host) => readFileSync(join(directory, host), 'utf8'))).toEqual(['new\n', 'new\n']);
});

test('a hundred converged tasks take no more frames than twenty, and at most four', async () => {
  const frames = async (count: number) => {
    const tasks = Array.from(
      { length: count },
      (_, index) => `    - {name: t${index}, copy: {content: "${index}", dest: "{{ playbook_dir }}/out-${index}"}}\n`,
    ).join('');
    const files = Object.fromEntries(Array.from({ length: count }, (_, index) => [`out-${index}`, String(index)]));
    const played = await playText(`- name: p\n${FACTLESS}  tasks:\n${tasks}`, { files });
    expect(played.recap.get('h1')).toMatchObject({ ok: count, changed: 0 });
    return played.frames;
  };
  const [twenty, hundred] = [await frames(20), await frames(100)];
  expect(hundred).toBeLessThanOrEqual(4);
  expect(hundred).toBeLessThanOrEqual(twenty);
});
