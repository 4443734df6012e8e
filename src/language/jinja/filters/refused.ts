/** Known to Ansible's users, but not done here: each says what to use instead. */
export const REFUSED_FILTERS: ReadonlyMap<string, string> = new Map([
  ['json_query', 'use selectattr, map(attribute=…) and first'],
  ['password_hash', 'hash the password once and keep the hash in a vault'],
  ['expandvars', "the controller's environment is not part of a template; use lookup('env', …)"],
  ['realpath', 'a template does not read the files of the controller'],
  ['fileglob', "use lookup('fileglob', …)"],
  ['shuffle', 'two renderings of a template must agree; use sort, or random with a seed'],
  ['strftime', 'two renderings of a template must agree; read the time from a fact'],
  ['to_datetime', 'there are no dates in templates; compare seconds instead'],
]);

/** The same of functions. */
export const REFUSED_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['now', 'two renderings of a template must agree; read the time from a fact: ansible_date_time'],
]);
