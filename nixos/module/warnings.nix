# What works, but may not be meant.
{
  config,
  lib,
  options,
  ...
}:
let
  cfg = config.services.nix-post-build-push;
  inherit (import ./queues.nix { inherit lib cfg; }) enabled;
  ours = "services.nix-post-build-push";

  # Whether somebody set anything of ours.
  isTouched = lib.any (option: option.highestPrio < (lib.mkOptionDefault null).priority) (
    lib.collect lib.isOption options.services.nix-post-build-push
  );

  lacksDerivations =
    queue:
    lib.elem queue.settings.closure-type [
      "source"
      "cache"
    ]
    && lib.elem (config.nix.settings.keep-derivations or true) [
      false
      "false"
    ];
  derivations =
    queue:
    lib.optional (lacksDerivations queue) "${queue.nameOfKey "closure-type" "closureType"} is \"${queue.settings.closure-type}\", but nix.settings.keep-derivations is false: of a path whose derivation was collected as garbage, only its own closure is copied.";

  # Who pushes.
  isDeclared =
    name: table: table ? ${name} || lib.elem name (builtins.catAttrs "name" (lib.attrValues table));
  account =
    queue:
    let
      inherit (queue.options) user group;
      undeclared =
        option: value: table:
        lib.optional (value != "root" && !isDeclared value config.users.${table})
          "${queue.nameOf option} is \"${value}\", which users.${table} does not declare: if the machine does not know it otherwise, nothing is pushed.";
    in
    lib.optional (user != "root" && group == "root")
      "${queue.nameOf "user"} is \"${user}\", but ${queue.nameOf "group"} is \"root\": the push may do what that group may."
    ++ undeclared "user" user "users"
    ++ undeclared "group" group "groups";

  xargsBin =
    name: options: lib.optional (options.xargsBin != null) "${name} has no effect any more: remove it.";
in
{
  config.warnings =
    if enabled == [ ] then
      lib.optional isTouched "${ours} is configured, but no queue of ${ours}.queues is enabled: no hook is set up, and nothing is pushed."
    else if !config.nix.enable then
      [ "${ours} has queues, but nix.enable is false: no hook is set up, and nothing is pushed." ]
    else
      lib.concatMap (queue: derivations queue ++ account queue) enabled
      ++ xargsBin "${ours}.defaults.xargsBin" cfg.defaults
      ++ lib.concatMap (queue: xargsBin (queue.nameOf "xargsBin") queue.options) enabled;
}
