# What cannot work is refused while the system is evaluated, by the name of the option.
{ config, lib, ... }:
let
  cfg = config.services.nix-post-build-push;
  queues = import ./queues.nix { inherit lib cfg; };
  inherit (queues) all enabled;
  secrets = import ./secrets.nix { inherit lib cfg; };
  timeSpan = import ./time-span.nix;

  refuse = message: {
    assertion = false;
    inherit message;
  };
  refuseIf = condition: message: lib.optional condition (refuse message);

  directoryOf = queue: queue.nameOfKey "queue-dir" "queueDir";
  destinationOf = queue: queue.nameOfKey "destination" "destination";
  isAbsolute = lib.hasPrefix "/";

  # One queue by itself.
  name =
    queue:
    refuseIf (builtins.match "[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}" queue.name == null)
      "${queue.nameOf "name"} is \"${queue.name}\": the name of a queue has 1 to 64 letters, digits, `_`, `.` and `-`, the first neither `.` nor `-`.";
  directory =
    queue:
    refuseIf (
      !isAbsolute queue.directory
    ) "${directoryOf queue} is \"${queue.directory}\", which is not an absolute path.";
  destination =
    queue:
    refuseIf queue.destination.isRelative "${destinationOf queue} is \"${queue.settings.destination}\", which is neither a store URI nor an absolute path."
    ++ refuseIf (
      queue.secret != null && !isAbsolute queue.secret
    ) "${queue.nameOfSecret} is \"${queue.secret}\", which is not an absolute path.";
  password =
    queue:
    refuseIf queue.destination.hasPassword "${destinationOf queue} has a password in it, which everybody could read in the Nix store: write it to a file, and name that as `_secret`.";
  credentials =
    queue:
    let
      inherit (queue.options) loadCredentials sshKeyFile;
      credential =
        name:
        queue.nameOf [
          "loadCredentials"
          name
        ];
      hasBlank = text: builtins.match ".*[[:space:]].*" (toString text) != null;
      # systemd would leave such a credential out, and say so only in its own journal; or not start
      # the push at all.
      unloadable =
        option: name: file:
        refuseIf (
          builtins.match "[A-Za-z0-9_.-]+" name == null
        ) "${option}: the name of a credential has letters, digits, `_`, `.` and `-`."
        ++ refuseIf (hasBlank file) "${option} is \"${toString file}\": systemd takes no credential from a path with a blank in it.";
    in
    lib.concatLists (lib.mapAttrsToList (name: unloadable (credential name) name) loadCredentials)
    ++ lib.optionals (sshKeyFile != null) (unloadable (queue.nameOf "sshKeyFile") "ssh-key" sshKeyFile)
    ++ lib.optionals (queue.secret != null) (unloadable queue.nameOfSecret "destination" queue.secret)
    ++
      refuseIf (queue.secret != null && loadCredentials ? destination)
        "${credential "destination"} has the name of the credential that the destination comes in: call it otherwise."
    ++
      refuseIf (sshKeyFile != null && loadCredentials ? ssh-key)
        "${credential "ssh-key"} and ${queue.nameOf "sshKeyFile"} are the same credential: set one of them.";

  # systemd ignores what it does not understand: a timer without an interval is none.
  timers =
    queue:
    let
      inherit (queue.options) interval randomizedDelaySec;
      isNone =
        name: value:
        refuseIf (!timeSpan.matches value)
          "${queue.nameOf name} is \"${value}\", which is not a time span: write \"10m\" or \"1h 30min\", as systemd.time(7) has it.";
    in
    isNone "interval" interval
    ++ isNone "randomizedDelaySec" randomizedDelaySec
    ++ refuseIf (timeSpan.isZero interval) "${queue.nameOf "interval"} is \"${interval}\": pushes would follow one another without a pause.";

  # Two queues beside each other.
  pairsWithSame =
    value: queues:
    let
      numbered = lib.imap0 (position: queue: queue // { inherit position; }) queues;
    in
    lib.concatMap (
      left:
      map (right: { inherit left right; }) (
        lib.filter (right: left.position < right.position && value left == value right) numbered
      )
    ) numbered;
  pairs = queues: lib.concatMap (left: map (right: { inherit left right; }) queues) queues;
  # A path without what changes nothing about where it leads.
  normal = path: lib.filter (part: part != "" && part != ".") (lib.splitString "/" path);

  sameName =
    { left, right }:
    refuse "${left.nameOf "name"} and ${right.nameOf "name"} are both \"${left.name}\": every queue needs a name of its own.";
  sameDirectory =
    { left, right }:
    refuse "${directoryOf left} and ${directoryOf right} are the same directory, ${left.directory}: every queue needs one of its own.";

  isNested =
    { left, right }:
    let
      below = queue: lib.concatMapStrings (part: "${part}/") (normal queue.directory);
    in
    below left != below right && lib.hasPrefix (below right) (below left);
  nestedDirectory =
    { left, right }:
    refuse "${directoryOf left} is ${left.directory}, within ${right.directory}, which is ${directoryOf right}: no queue may be within another.";

  readable =
    { option, file }:
    refuse "${option} is ${file}, in the Nix store, where everybody can read it. Name a file outside of it, as a string: \"/run/secrets/…\".";
  undeclared =
    table:
    refuse "${table} is about a queue that is not declared, and that nothing would push: declare it in services.nix-post-build-push.queues.";
in
{
  config.assertions = lib.mkIf (config.nix.enable && all != [ ]) (
    lib.concatMap (queue: name queue ++ directory queue) all
    ++ lib.concatMap (
      queue: destination queue ++ password queue ++ credentials queue ++ timers queue
    ) enabled
    ++ map readable secrets.inStore
    ++ map sameName (pairsWithSame (queue: queue.name) all)
    ++ map sameDirectory (pairsWithSame (queue: normal queue.directory) enabled)
    ++ map nestedDirectory (lib.filter isNested (pairs enabled))
    ++ map undeclared queues.undeclared
  );
}
