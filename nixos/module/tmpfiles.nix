# The directories of a queue, as rules for systemd-tmpfiles.
{ lib }:
queue:
let
  escape = import ./escape.nix { inherit lib; };
  inherit (queue.options) user group;
in
[
  # Not StateDirectory=: the hook enqueues before the service first runs. The hook is root and may
  # add entries everywhere; the account that pushes removes them.
  "d ${escape.tmpfiles queue.directory} 0755 ${user} ${group} - -"
  # If the queue was another account's before, so was what the push keeps in it. Not only for .push:
  # from the directory of an account, systemd does not go on to what is another's.
  "Z ${escape.tmpfilesPattern queue.directory} - ${user} ${group} - -"
]
# A service can only be let write to what is there. One that is there stays as it is.
++ map (
  path: "d ${escape.tmpfiles path} :0755 :${user} :${group} - -"
) (queue.destination.directories ++ queue.metricsDirectories)
