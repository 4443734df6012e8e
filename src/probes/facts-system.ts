import type { FactText, Facts } from './facts-parse.ts';

export function memoryFacts(text: FactText): Facts {
  const kilobytes = new Map(
    [...(text.file('/proc/meminfo') ?? '').matchAll(/^(\w+):\s+(\d+) kB$/gm)].map(([, name, value]) => [
      name,
      Number(value),
    ]),
  );
  const megabytes = (name: string): number => Math.floor((kilobytes.get(name) ?? 0) / 1024);
  return {
    memtotal_mb: megabytes('MemTotal'),
    memfree_mb: megabytes('MemFree'),
    memavailable_mb: megabytes('MemAvailable'),
    swaptotal_mb: megabytes('SwapTotal'),
    swapfree_mb: megabytes('SwapFree'),
  };
}

export function mountFacts(text: FactText): Facts {
  const sizes = new Map(text.lines('df').map((line) => sizeOf(line)));
  const rows = (text.file('/proc/mounts') ?? '').split('\n').map((line) => line.split(' ').map(unescapeOctal));
  const real = rows.filter(([device = '']) => device.startsWith('/') || device.includes(':/'));
  return {
    mounts: real.map(([device, mount = '', fstype, options]) => ({
      device,
      mount,
      fstype,
      options,
      ...sizes.get(mount),
    })),
  };
}

/** `/dev/sda1 1000 400 600 40% /boot` in KiB */
function sizeOf(line: string): readonly [string, Facts] {
  const [, total, available, mount = ''] = /\s(\d+)\s+\d+\s+(-?\d+)\s+\S+\s+(\/.*)$/.exec(line) ?? [];
  return [mount, { size_total: Number(total) * 1024, size_available: Number(available) * 1024 }];
}

/** /proc/mounts writes blanks as \040. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

export function timeFacts(text: FactText): Facts {
  const [epoch = '', moment = '', offset = '', zone = ''] = text.section('date').split(' ');
  const [date = '', time = ''] = moment.split('T');
  const [year, month, day] = date.split('-');
  const [hour, minute, second] = time.split(':');
  return {
    date_time: {
      epoch,
      date,
      time,
      year,
      month,
      day,
      hour,
      minute,
      second,
      tz: zone,
      tz_offset: offset,
      iso8601: isoOf(epoch),
    },
  };
}

function isoOf(epoch: string): string {
  const seconds = Number(epoch);
  return epoch !== '' && Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z') : '';
}
