# The files with secrets, and the options that name them.
{ lib, cfg }:
let
  inherit (import ./queues.nix { inherit lib cfg; }) enabled nameOfOurs;

  # The files that `from` names, be it `defaults` or a queue.
  filesOf =
    nameOf: from:
    lib.filter (one: one.file != null) [
      {
        option = nameOf "environmentFile";
        file = from.environmentFile;
      }
      {
        option = nameOf "sshKeyFile";
        file = from.sshKeyFile;
      }
    ]
    ++ lib.mapAttrsToList (name: file: {
      option = nameOf [
        "loadCredentials"
        name
      ];
      inherit file;
    }) from.loadCredentials;

  ofDefaults = filesOf (option: nameOfOurs ([ "defaults" ] ++ lib.toList option)) cfg.defaults;
  # What a queue has from there is named once.
  isOwn = one: !lib.any (other: toString other.file == toString one.file) ofDefaults;

  ofQueue =
    queue:
    lib.filter isOwn (filesOf queue.nameOf queue.options)
    ++ lib.optional (queue.secret != null) {
      option = queue.nameOfSecret;
      file = queue.secret;
    };
in
{
  # Files there are readable by everybody, and stay for as long as the system does.
  inStore = lib.filter (one: lib.hasPrefix "${builtins.storeDir}/" one.file) (
    map (one: one // { file = toString one.file; }) (ofDefaults ++ lib.concatMap ofQueue enabled)
  );
}
