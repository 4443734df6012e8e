/**
 * Restarts one unit and sees that it stays up: `sh -s -- unit settle file…`.
 * systemd's timestamps and file times are compared by whole seconds, so it waits until the clock has left the second of
 * the newest file; a program that dies of its configuration often does so a moment after `restart` came back. Debian's
 * services write a log of their own, others the journal; a password in a URL there need not be one of the files (a unit's
 * environment holds some), so it is taken out here. The verdict comes last, because long messages lose their head.
 */
export const RESTART_SCRIPT = `
unit=$1 settle=$2; shift 2
newest=0
for file do
  seconds=$(stat -c %Y -- "$file" 2>/dev/null) || continue
  [ "$seconds" -gt "$newest" ] && newest=$seconds
done
now=$(date +%s)
[ "$newest" -eq "$now" ] && sleep 1
log=/var/log/nova/\${unit#openstack-}.log
size=$({ wc -c <"$log"; } 2>/dev/null || echo 0)
fail() {
  {
    journalctl -u "$unit" -n 12 -o cat --no-pager 2>/dev/null
    [ -r "$log" ] && tail -c "+$((size + 1))" "$log" | tail -n 12
  } | sed 's|\\(://[^:/@[:space:]]*:\\)[^[:space:]]*@|\\1********@|g' >&2
  printf '%s\\n' "$1" >&2
  exit 1
}
systemctl restart "$unit" </dev/null || fail "systemctl restart $unit failed"
[ "$settle" = 0 ] || sleep "$settle"
state=$(systemctl is-active "$unit")
[ "$state" = active ] || fail "$unit is $state $settle s after its restart"
`;
