import { ProbeError } from '../../contract/probe.ts';
import { TaskError } from '../../contract/task-error.ts';
import { isServiceDown } from '../../probes/openstack/http-exchange.ts';

export type CloudService = 'keystone' | 'nova' | 'placement';

/** Something that could be read, or why not: one file that may not be read must not hide all the rest. */
export type Attempt<Value> =
  | { readonly ok: true; readonly value: Value }
  | {
      readonly ok: false;
      readonly reason: string;
      /** The service that gives no answer, or only answers that it is out of order. */
      readonly down?: CloudService;
    };

/** What a host, or its user, does not let us read is a gap in the picture, not the end of it. */
export async function attempt<Value>(reading: Promise<Value>): Promise<Attempt<Value>> {
  try {
    return { ok: true, value: await reading };
  } catch (error) {
    if (error instanceof ServiceDown) return { ok: false, reason: error.message, down: error.service };
    if (error instanceof ProbeError || error instanceof TaskError) return { ok: false, reason: error.message };
    throw error;
  }
}

class ServiceDown extends Error {
  override name = 'ServiceDown';
  readonly service: CloudService;

  constructor(service: CloudService, message: string) {
    super(message);
    this.service = service;
  }
}

/** Says which service it is that a reading finds out of order. */
export async function askedOf<Value>(service: CloudService, reading: Promise<Value>): Promise<Value> {
  try {
    return await reading;
  } catch (error) {
    throw isServiceDown(error) ? new ServiceDown(service, error.message) : error;
  }
}
