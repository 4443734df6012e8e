// CPU and bytes that watching a run costs: 200 hosts x 20 tasks spread over 7 s, five lines of output a task, 100x40 terminal.
// node bench/live-report.ts [none|pretty|plain|json] [hosts]
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reporter } from '../src/contract/event.ts';
import { SecretRegistry } from '../src/contract/secret.ts';
import { jsonLinesReporter } from '../src/report/json-lines.ts';
import { masked } from '../src/report/masked.ts';
import { plainReporter } from '../src/report/plain.ts';
import { prettyReporter } from '../src/report/pretty.ts';
import type { Sink } from '../src/report/sink.ts';
import { finished, label, recapOf, result, send, started, taskFinished, taskStarted } from '../test/support/events.ts';

const [format = 'pretty', hostCount = '200'] = process.argv.slice(2);
const TASKS = 20;
const hosts = Array.from({ length: Number(hostCount) }, (_, index) => `gpu${String(index + 1).padStart(3, '0')}`);
let bytes = 0;
const sink: Sink = { write: (text) => void (bytes += Buffer.byteLength(text)), close: async () => {} };
const look = { verbosity: 0, hasColour: true, words: ['run', 'site.yaml'], columns: () => 100, rows: () => 40 };
const silent: Reporter = { on: () => {}, close: async () => {} };
const reporters: Readonly<Record<string, () => Reporter>> = {
  none: () => silent,
  pretty: () => prettyReporter(sink, look),
  plain: () => plainReporter(sink, look),
  json: () => jsonLinesReporter(sink),
};

async function play(reporter: Reporter, host: string): Promise<void> {
  for (let index = 0; index < TASKS; index++) {
    const task = label(`task ${index}`, index);
    send(reporter, [taskStarted(host, task)]);
    for (let line = 0; line < 5; line++) {
      await sleep(50 + Math.random() * 40);
      send(reporter, [
        { type: 'task.output', task, host, stream: 'stdout', text: `${host} does part ${line} of ${index}\n` },
      ]);
    }
    send(reporter, [
      taskFinished(
        host,
        task,
        result('changed', { actions: [`part ${index}`], values: { rc: 0, stdout: 'x'.repeat(500) } }),
      ),
    ]);
  }
  send(reporter, [{ type: 'host.left', play: 'play-1', host, reason: 'finished' }]);
}

const secrets = new SecretRegistry();
for (let index = 0; index < 20; index++) secrets.add(`secret-number-${index}`);
const reporter = masked((reporters[format] ?? reporters.none ?? (() => silent))(), secrets);
const startedAt = performance.now();
send(reporter, started('run', hosts));
await Promise.all(hosts.map((host) => play(reporter, host)));
send(reporter, finished(hosts.map((host) => recapOf(host, { ok: TASKS, changed: TASKS }))));
await reporter.close();
const { user, system } = process.cpuUsage();
console.log(
  `${format}: ${hosts.length} hosts x ${TASKS} tasks: ${((user + system) / 1e6).toFixed(2)} s CPU, ${((performance.now() - startedAt) / 1000).toFixed(1)} s wall, ${Math.round(bytes / 1024)} KiB`,
);
