const PREFIX = /^(?:ansible\.builtin|ansible\.legacy|ansible\.utils|ansible\.netcommon|community\.general)\./;

/** Filters, tests and lookups may be written with their collection: `ansible.builtin.bool`. */
export function shortName(name: string): string {
  return name.replace(PREFIX, '');
}
