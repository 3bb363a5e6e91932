# The directories of a queue, as rules for systemd-tmpfiles.
{ lib }:
queue:
let
  escape = import ./escape.nix { inherit lib; };
  inherit (queue.option) user group;
  inherit (queue.destination) binaryCache chrootStore;
in
# Not StateDirectory=: the hook enqueues before the service first runs. The hook is root and may add
# entries everywhere; the account that pushes removes them.
[ "d ${escape.tmpfiles queue.directory} 0755 ${user} ${group} - -" ]
# A service can only be let write to what is there. One that is there stays as it is.
++ map (path: "d ${escape.tmpfiles path} :0755 :${user} :${group} - -") (
  lib.filter (path: path != null) [
    binaryCache
    chrootStore
  ]
)
