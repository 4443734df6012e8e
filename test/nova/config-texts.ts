import fc from 'fast-check';

/** Lines as people, packages and accidents write them into nova.conf. */
const WELL_MEANT = [
  '[DEFAULT]',
  '[pci]',
  '[PCI]',
  '[Pci]',
  '[filter_scheduler]',
  '[database]',
  '[compute]',
  '[site]',
  '# a comment',
  '; another',
  '#alias = <None>',
  '# device_spec = {"vendor_id":"10de"}',
  '',
  '   ',
  'debug = true',
  'my_ip: 192.0.2.7',
  'x: y=z',
  'x = "quoted"',
  "x = 'a' and 'b'",
  'x = 50%s # not a comment',
  'x =',
  'é = ü',
  'cpu_dedicated_set = 2-17',
  'connection = mysql+pymysql://nova:s3cret@db/nova?charset=utf8',
  'reserved_huge_pages = node:0,size:2048,count:64',
  'reserved_huge_pages = node:1,size:1GB,count:1',
  'enabled_filters = ComputeFilter,\n  ImagePropertiesFilter ,',
  'enabled_filters = ComputeFilter,PciPassthroughFilter',
  'available_filters = nova.scheduler.filters.all_filters',
  'scheduler_default_filters = RetryFilter,ComputeFilter,RamFilter',
  'alias = {"name":"t4","vendor_id":"10de","product_id":"1eb8","device_type":"type-PF"}',
  'alias: {"name":"t4",\n\t"vendor_id":"10DE",\n  "product_id":"1eb8","device_type":"type-PF"\n  }',
  'alias = \'{"name":"k4200","vendor_id":"10de","product_id":"11b4"}\'',
  'pci_alias={"name":"k80","vendor_id":"10de","product_id":"102d"}',
  'pci_alias = {"name":"k4200", "vendor_id":"10de",\n    "product_id":"11b4"}',
  'device_spec = {"vendor_id":"15b3"}',
  'device_spec = [{"vendor_id":"10de","address":"0000:88:00.0"},\n {"address":"*:84:*.*"}]',
  'device_spec = {"vendor_id":"10de","address":{"bus":"8[48]$$"}}',
  'passthrough_whitelist = {"vendor_id":"0x10de", "product_id":"11b4"}',
  'pci_passthrough_whitelist = {"vendor_id":"10de","product_id":"11b4"}',
  'report_in_placement = False',
  'enabled_vgpu_types = nvidia-35, nvidia-36',
  'enabled_mdev_types = nvidia-35',
  'host = gpu01',
  '[vgpu_nvidia-35]\ndevice_addresses = 0000:84:00.0',
  '[mdev_nvidia-35]\ndevice_addresses = 0000:85:00.0,0000:86:00.0',
  '[mdev_nvidia-35]\nmdev_class = VGPU',
] as const;

/** What stops oslo.config, or looks as if it did. */
const ACCIDENTS = [
  '[',
  ']',
  '[]',
  '[pci] # c',
  ' [pci]',
  '[ pci ]',
  '[default]',
  '  indented = 1',
  '\tindented',
  'no delimiter',
  '= no key',
  ': no key',
  '}',
  '\ufeff[pci]',
  'alias = "',
  'alias = \u201cx\u201d',
  'x = \u00a0a\u0085',
  '\u0085',
  '\u001c\u001f',
  '\fx = 1',
  'x = a\u2028b',
  'x = \u0000',
  'device-spec = 1',
] as const;

const ENDS = ['\n', '\n', '\n', '\n', '\r\n', '\r'] as const;

function textOf(line: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> {
  return fc
    .array(fc.tuple(line, fc.constantFrom(...ENDS)), { maxLength })
    .map((lines) => lines.map(([one, end]) => one + end).join(''))
    .chain((text) => fc.constantFrom(text, text.replace(/[\r\n]+$/, '')));
}

/** Anything: most of these texts stop oslo.config somewhere. */
export const anyText: fc.Arbitrary<string> = textOf(
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom<string>(...WELL_MEANT) },
    { weight: 2, arbitrary: fc.constantFrom<string>(...ACCIDENTS) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 12 }) },
    {
      weight: 1,
      arbitrary: fc.string({ unit: fc.constantFrom(...'[]=: \t#;\'"$\\ab\u00a0\u0085\u001e'), maxLength: 8 }),
    },
  ),
  14,
);

/** Texts that mostly can be read. */
export const plausibleText: fc.Arbitrary<string> = textOf(fc.constantFrom<string>(...WELL_MEANT), 24).map(
  (text) => `[DEFAULT]\n${text}`,
);
