# What a push may do beyond ../hardening.nix. `systemd-analyze security` has to say 2.0 or better;
# it says 1.5 for root and a remote destination, 1.2 for another account, less for local ones.
{ lib }:
{
  # The account that pushes.
  user,
  queueDir,
  # Where Nix keeps its roots.
  stateDir ? "/nix/var/nix",
  # The directory of the destination, if it is on this machine, as one of these.
  binaryCache ? null,
  chrootStore ? null,
  # Whether the destination may be on another machine.
  needsNetwork ? binaryCache == null && chrootStore == null,
}:
let
  hardening = import ../hardening.nix;
  isRoot = user == "root";
  destinations = builtins.filter (path: path != null) [
    binaryCache
    chrootStore
  ];

  # Nix as root gives a chroot store to the group of the build users.
  changesOwners = isRoot && chrootStore != null;

  isTemporary = path: lib.hasPrefix "/tmp/" path || lib.hasPrefix "/var/tmp/" path;

  # As systemd reads a list of paths: words in quotes, with specifiers.
  quoted =
    path: ''"${builtins.replaceStrings [ "%" "\\" "\"" ] [ "%%" "\\\\" "\\\"" ] (toString path)}"'';
in
hardening
// {
  # Nothing else is written but what CacheDirectory= adds.
  ReadWritePaths = map quoted (
    [ queueDir ]
    ++ destinations
    # Root registers roots itself; for others the daemon does. The lock is there after the first
    # collection.
    ++ lib.optionals isRoot [
      "${stateDir}/gcroots"
      "-${stateDir}/gc.lock"
    ]
  );
  # Where a home directory has ssh's keys, known hosts and configuration, and the credentials of AWS.
  ProtectHome = "read-only";
  # Unless it hides what is to be written.
  PrivateTmp = !lib.any isTemporary ([ queueDir ] ++ destinations);
  # Not 0077: who serves a binary cache, or shows the state of the queue, is another account.
  UMask = "0022";

  # No privilege at all else, for root too: what it writes belongs to it, and the rest does the
  # daemon.
  CapabilityBoundingSet = if changesOwners then "CAP_CHOWN" else "";
  SystemCallFilter = hardening.SystemCallFilter ++ lib.optional changesOwners "@chown";
  # Within a user namespace there is no group of the build users.
  PrivateUsers = !changesOwners;

  # The sockets of Nix's daemon and collector are files. AF_NETLINK is for the resolver.
  PrivateNetwork = !needsNetwork;
  RestrictAddressFamilies =
    hardening.RestrictAddressFamilies
    ++ lib.optionals needsNetwork [
      "AF_INET"
      "AF_INET6"
      "AF_NETLINK"
    ];
}
