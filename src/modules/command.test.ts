import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { throughShells } from '../../test/support/through-shells.ts';
import command from './command.ts';

throughShells('command', (box) => {
  it('command runs words, expands the host’s variables, and registers what Ansible registers', async () => {
    const { values } = await box.host.run(command, {
      cmd: `printf '%s\\n' $FROM_TASK "two  words" '*' $NONE`,
      chdir: box.root,
    });
    expect(values).toMatchObject({ rc: 0, stdout_lines: ['yes', 'two  words', '*', '$NONE'], stderr: '' });
    const failing = await box.host.run(command, { argv: ['sh', '-c', 'cat; echo e >&2; exit 3'], stdin: 'in' });
    expect(failing.values).toMatchObject({ rc: 3, stdout: 'in', stderr: 'e' });
    expect((await box.host.run(command, { cmd: '/no/such/program' })).values).toMatchObject({ rc: 127 });
  });

  it('command does nothing when creates is there or removes is not', async () => {
    writeFileSync(box.at('initrd.img-6.1'), '');
    const created = await box.host.run(command, { cmd: 'false', creates: 'initrd.*', chdir: box.root });
    expect([created.changes, created.values['stdout']]).toEqual([[], 'skipped, since initrd.* exists']);
    expect((await box.host.run(command, { cmd: 'false', removes: box.at('none') })).changes).toEqual([]);
    expect((await box.host.run(command, { cmd: 'true', creates: box.at('none') })).changes).toHaveLength(1);
  });
});
