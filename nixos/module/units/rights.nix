# What a push may do. `systemd-analyze security` has to say 2.0 or better.
{ lib }:
{
  # The account that pushes.
  user,
  queueDir,
  # As ../destination.nix describes it.
  destination,
  # Where it leaves its metrics; none or one.
  metricsDirectories,
  # Where Nix keeps its roots.
  stateDir,
  # Whether the destination may be on another machine.
  needsNetwork,
}:
let
  escape = import ../escape.nix { inherit lib; };
  isRoot = user == "root";
  directories = [ queueDir ] ++ destination.directories ++ metricsDirectories;

  # A directory that is a destination of root's may belong to another account: a web server's. And a
  # chroot store Nix gives to the group of the build users.
  toOthers = isRoot && destination.directories != [ ];
  changesOwners = isRoot && destination.chrootStore != null;

  # What is to be written there would be hidden by a private /tmp. Then Nix needs the real one, too.
  inTemporary = lib.any (
    path: lib.hasPrefix "/tmp/" path || lib.hasPrefix "/var/tmp/" path
  ) directories;
in
import ../hardening.nix
// {
  # Nothing else is written but what CacheDirectory= adds.
  ReadWritePaths = map escape.listed (
    directories
    ++ lib.optionals inTemporary [
      "/tmp"
      "/var/tmp"
    ]
    # Root registers roots itself; for others the daemon does. The lock is there after the first
    # collection.
    ++ lib.optionals isRoot [
      "${stateDir}/gcroots"
      "-${stateDir}/gc.lock"
    ]
  );
  # Where a home directory has ssh's keys, known hosts and configuration, and the credentials of AWS.
  ProtectHome = "read-only";
  PrivateTmp = !inTemporary;
  # Not 0077: who serves a binary cache, or shows the state of the queue, is another account.
  UMask = "0022";

  # No privilege at all else, for root too: what it writes belongs to it, and the rest does the
  # daemon.
  CapabilityBoundingSet = lib.concatStringsSep " " (
    lib.optional changesOwners "CAP_CHOWN" ++ lib.optional toOthers "CAP_DAC_OVERRIDE"
  );
  SystemCallFilter = [
    "@system-service"
    "~@privileged @resources"
  ]
  ++ lib.optional changesOwners "@chown";
  # Within a user namespace there are no other accounts and groups.
  PrivateUsers = !toOthers;

  # The sockets of Nix's daemon and collector are files. AF_NETLINK is for the resolver.
  PrivateNetwork = !needsNetwork;
  RestrictAddressFamilies = [
    "AF_UNIX"
  ]
  ++ lib.optionals needsNetwork [
    "AF_INET"
    "AF_INET6"
    "AF_NETLINK"
  ];
}
