import { describe, expect, it } from 'vitest';
import { novaRefusal } from './nova-config.ts';

const refusal = (text: string, service = 'nova-compute') =>
  novaRefusal(service, new Map([['/etc/nova/nova.conf', text]]));

describe('a Nova service', () => {
  it.each([
    ['a plain file', '[DEFAULT]\n# comment\nmy_ip = 10.0.0.1\n\n[pci]\nalias = {"name":"a"}\n'],
    ['quoted JSON', `[pci]\nalias = '{"name":"a"}'\n`],
    ['JSON over indented lines', '[pci]\nalias = {"name":\n  "a"\n  }\n'],
    ['a colon for an assignment', '[DEFAULT]\nmy_ip: 10.0.0.1\n'],
  ])('starts with %s', (_, text) => expect(refusal(text)).toBeUndefined());

  it.each([
    ['a brace at the margin', '[pci]\nalias = {"name":\n  "a"\n}\n', "No ':' or '=' found"],
    ['an indented first key', '[pci]\n  alias = {}\n', 'Unexpected continuation line'],
    ['text after a section', '[pci] # gpus\n', 'Invalid section'],
    ['smart quotes in an alias', '[DEFAULT]\npci_alias = {“name”:"a"}\n', 'PciInvalidAlias'],
    ['an empty device_spec', '[pci]\ndevice_spec =\n', 'pci/device_spec'],
  ])('does not start with %s', (_, text, message) => expect(refusal(text)).toContain(message));

  it('is down with a removed filter if it is the scheduler', () => {
    const text = '[filter_scheduler]\nenabled_filters = ComputeFilter,RamFilter\n';
    expect(refusal(text, 'nova-scheduler')).toContain('RamFilter could not be found');
    expect(refusal(text)).toBeUndefined();
  });
});
