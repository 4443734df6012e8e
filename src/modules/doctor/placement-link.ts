import type { FreeCards } from './evidence.ts';
import { broken, type Finding, holds, notChecked, some } from './findings.ts';
import { apiSide } from './alias-links.ts';
import { givenHeads, isMeant } from './card-links.ts';
import type { Fleet } from './flavor-link.ts';

/** Only where the scheduler asks Placement for cards can Placement say whether one is free. */
export function placementFree({ computes, controllers }: Fleet): Finding {
  if (computes.length === 0) return notChecked('placement-free', 'no compute with a GPU is among these hosts');
  if (controllers.length === 0) return notChecked('placement-free', 'no controller is among these hosts');
  const asked = controllers.flatMap(({ freeCards }) => freeCards ?? []);
  const [answer] = [...asked.filter(({ ok }) => ok), ...asked];
  if (!answer)
    return notChecked(
      'placement-free',
      'pci_in_placement is off, so Nova counts cards in its own database; see: openstack server list --all-projects --long',
    );
  if (!answer.ok) return notChecked('placement-free', `Placement was not asked: ${answer.reason}`);
  const heads = computes.flatMap(givenHeads);
  const names = new Set(
    controllers
      .flatMap((one) => apiSide(one).aliases)
      .filter((alias) => heads.some((one) => isMeant(alias, one)))
      .map((alias) => String(alias.name)),
  );
  return verdict(answer.value.filter(({ alias }) => names.has(alias)));
}

function verdict(cards: readonly FreeCards[]): Finding {
  const missing = cards.filter(({ isFree }) => !isFree);
  if (missing.length === 0)
    return holds('placement-free', cards.map(({ alias, resourceClass }) => `${resourceClass} (${alias})`).join(', '));
  const [first] = missing;
  const texts = missing.map(({ alias, resourceClass, isKnown }) =>
    isKnown
      ? `no ${resourceClass} is free (alias ${alias}): all have their instances, or no compute reports one any more`
      : `${resourceClass} is not known to it (alias ${alias})`,
  );
  return broken(
    'placement-free',
    some(texts),
    first?.isKnown === false
      ? 'look for PciPlacement in the log of nova-compute, and restart it: it reports the cards when it starts'
      : 'delete or shelve an instance that has one; nova-manage placement audit --verbose finds allocations without instance; restart nova-compute where a card is not in use',
  );
}
