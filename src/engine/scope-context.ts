import type { RoleContext } from '../language/playbook/types.ts';
import { matchHosts } from '../language/inventory/patterns.ts';
import type { HostRun } from './host-run.ts';
import type { LookupContext } from './lookups.ts';

/** What lookups may ask about the task they are called in. */
export function scopeContext(host: HostRun, role: RoleContext | undefined): LookupContext {
  return {
    places: { role, directory: host.batch.play.directory },
    render: (text, scope) => host.run.compiler.templateFile(text).render(scope),
    decryptBytes: (text) => host.run.compiler.decryptBytes(text),
    matchHosts: (pattern) => matchHosts(pattern, host.run.inventory),
  };
}
