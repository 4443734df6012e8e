import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Container, inventoryOf, startContainer } from '../../support/containers.ts';
import { play, type PlayCall, workspace } from '../../support/play.ts';
import { complaints, tasksOf } from '../support/look.ts';

const SITE = `
- hosts: all
  tasks:
    - name: Facts
      assert:
        that: ansible_kernel is defined and ansible_hostname | length > 0
    - name: A directory
      file: {path: /etc/gpu, state: directory, mode: "0750", owner: ops, group: ops}
    - name: A file
      copy: {content: "first\\nsecond\\n", dest: /etc/gpu/list, mode: "0640", force: false}
    - name: A template
      template: {src: host.j2, dest: /etc/gpu/host}
    - name: A line
      lineinfile: {path: /etc/gpu/list, regexp: "^second", line: "second line"}
    - name: A block
      blockinfile: {path: /etc/gpu/list, block: "third\\nfourth"}
    - name: A link
      file: {path: /etc/gpu/link, src: list, state: link}
    - name: A program
      command: wc -l /etc/gpu/list
      register: lines
      changed_when: false
    - name: A shell
      shell: "echo $((6 * 7)) | tr 0-9 a-j"
      register: said
      changed_when: false
    - name: What is there
      stat: {path: /etc/gpu/list, checksum_algorithm: sha256}
      register: found
    - name: Its content
      slurp: {src: /etc/gpu/list}
      register: slurped
    - name: It is all so
      when: not ansible_check_mode
      assert:
        that:
          - said.stdout == 'ec'
          - found.stat.mode == '0640'
          - (slurped.content | b64decode).split('\\n')[1] == 'second line'
          - lines.stdout.split()[0] == '6'
    - name: A file that goes
      file: {path: /etc/gpu/old, state: absent}
    - name: A large one
      copy: {src: large.bin, dest: /etc/gpu/large, mode: "0600"}
`;

describe('a host with nothing but busybox and dropbear', () => {
  let host: Container;
  let call: (more?: PlayCall) => ReturnType<typeof play>;
  beforeAll(async () => {
    host = await startContainer('busybox');
    call = (more = {}) => {
      const large = Array.from({ length: 60_000 }, (_, index) => `line ${index}\n`).join('');
      const files = {
        'site.yaml': SITE,
        'templates/host.j2': 'host={{ inventory_hostname }}\n',
        'files/large.bin': large,
      };
      return play(join(workspace(files), 'site.yaml'), { inventory: [inventoryOf({ h1: host })], ...more });
    };
  });
  afterAll(() => host?.stop());

  it('is checked without a trace', async () => {
    const tree = ['find', '/', '-xdev', '-type', 'f'];
    const before = await host.look(tree);
    const checked = await call({ mode: 'check' });
    expect(complaints(checked)).toEqual(new Map());
    expect(checked.exitCode).toBe(3);
    expect(await host.look(tree)).toBe(before);
  });

  it('is configured by the everyday modules', async () => {
    const run = await call();
    expect(complaints(run)).toEqual(new Map());
    expect(run.exitCode).toBe(0);
    expect(await host.look(['cat', '/etc/gpu/host'])).toBe('host=h1\n');
    expect(await host.look(['stat', '-c', '%U:%G %a', '/etc/gpu'])).toBe('ops:ops 750\n');
    expect(await host.look(['readlink', '/etc/gpu/link'])).toBe('list\n');
    expect(await host.look(['tail', '-n', '1', '/etc/gpu/large'])).toBe('line 59999\n');
  });

  it('has nothing left to change the second time', async () => {
    const again = await call();
    expect(tasksOf(again, 'changed')).toEqual(new Map());
    expect(again.exitCode).toBe(0);
    expect(await host.look(['sh', '-c', "find / -xdev -name '.tsplay-*'"])).toBe('');
  });

  it('takes a user without root the same way', async () => {
    const ops: Container = { ...host, vars: { ...host.vars, ansible_user: 'ops' } };
    const site = '- hosts: all\n  gather_facts: false\n  tasks:\n    - copy: {content: x, dest: /home/ops/x}\n';
    const run = await play(join(workspace({ 'site.yaml': site }), 'site.yaml'), {
      inventory: [inventoryOf({ h1: ops })],
    });
    expect(complaints(run)).toEqual(new Map());
    expect(await host.look(['stat', '-c', '%U', '/home/ops/x'])).toBe('ops\n');
  });
});
