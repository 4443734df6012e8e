/** What a person types to have tsplay mend one host. */
export interface Remedies {
  /** Runs the playbook on this host. */
  readonly run: (host: string) => string;
  /** Reboots it within the limits of the fleet. */
  readonly reboot: (host: string) => string;
}
