# The NixOS module: writes the configuration, sets the hook, and pushes every queue on a timer.
# module/options.nix declares its options, MODULE.md describes them.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.nix-post-build-push;
  queues = import ./module/queues.nix { inherit lib cfg; };
  inherit (queues) enabled;

  units = import ./module/units { inherit config lib pkgs; } enabled;
  tmpfiles = import ./module/tmpfiles.nix { inherit lib; };
  configFile = import ./module/config-file.nix {
    inherit lib pkgs;
    packages = lib.unique ([ cfg.defaults.package ] ++ map (queue: queue.options.package) enabled);
  };
in
{
  imports = [
    ./module/options.nix
    ./module/assertions.nix
    ./module/warnings.nix
  ];

  config = lib.mkIf (config.nix.enable && enabled != [ ]) {
    environment.etc."nix-post-build-push/config.toml".source = configFile queues.file;
    environment.systemPackages = [ cfg.defaults.package ];

    nix.settings = lib.mkIf cfg.hook.enable {
      post-build-hook = lib.mkOverride cfg.hook.priority cfg.hook.script;
    };

    systemd.services = units.services;
    systemd.timers = units.timers;
    systemd.paths = units.paths;
    systemd.tmpfiles.rules = lib.concatMap tmpfiles enabled;
  };
}
