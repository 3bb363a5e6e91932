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

  config = lib.mkIf config.nix.enable (
    lib.mkMerge [
      # Also if no queue is enabled: people may want to look at what is still in one.
      (lib.mkIf (cfg.queues != { }) {
        environment.etc."nix-post-build-push/config.toml".source = configFile queues.file;
        environment.systemPackages = [ cfg.defaults.package ];
      })

      (lib.mkIf (enabled != [ ]) {
        nix.settings = lib.mkIf cfg.hook.enable {
          post-build-hook = lib.mkOverride cfg.hook.priority cfg.hook.script.program;
        };

        systemd.services = units.services;
        systemd.timers = units.timers;
        systemd.paths = units.paths;
        systemd.tmpfiles.rules = lib.concatMap tmpfiles enabled;
      })
    ]
  );
}
