import { startContainer } from '../../support/containers.ts';

/** A test run that dies with a container on its hands. */
const { name } = await startContainer('busybox');
process.stdout.write(`${name}\n`, () => process.kill(process.pid, 'SIGKILL'));
