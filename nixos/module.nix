# The NixOS module: writes the configuration, sets the hook, and pushes every queue on a timer.
# options.nix declares its options, MODULE.md describes them.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.nix-post-build-push;
  queues = lib.filterAttrs (_: queue: queue.enable) cfg.queues;
  isSecret = queue: builtins.isAttrs queue.destination;

  configFile = import ./config-file.nix { inherit lib pkgs cfg; };
  units = import ./units.nix {
    inherit
      config
      lib
      cfg
      queues
      isSecret
      configFile
      ;
  };

  # What it points at is readable by everybody, and stays for as long as the system does.
  secretOutsideStore = name: queue: {
    assertion = !(lib.hasPrefix "${builtins.storeDir}/" (toString queue.destination._secret));
    message = ''
      services.nix-post-build-push.queues.${name}.destination._secret is in the Nix store, where
      everybody can read it. Name a file outside of it, as a string: "/run/secrets/cache-url".
    '';
  };

  # Spaces separate the fields of a tmpfiles rule, and a percent sign begins a specifier.
  tmpfilesPath = path: lib.replaceStrings [ " " "%" ] [ "\\x20" "%%" ] (toString path);
in
{
  imports = [ ./options.nix ];

  config = lib.mkIf (queues != { }) (
    lib.mkMerge [
      (lib.mkIf (!config.nix.enable) {
        warnings = [
          "services.nix-post-build-push: no hook and no queue is set up, because nix.enable is false"
        ];
      })

      (lib.mkIf config.nix.enable {
        assertions = lib.mapAttrsToList secretOutsideStore (lib.filterAttrs (_: isSecret) queues);

        environment.etc."nix-post-build-push/config.toml".source = configFile "config" (
          lib.mapAttrs (
            _: queue:
            # The file itself, so that root can push by hand; the services have a credential.
            if isSecret queue then
              queue // { destination.file = toString queue.destination._secret; }
            else
              queue // { destination = toString queue.destination; }
          ) queues
        );
        environment.systemPackages = [ cfg.package ];

        nix.settings = lib.mkIf cfg.hook.enable { post-build-hook = cfg.hook.script; };

        systemd.services = units.services;
        systemd.timers = units.timers;

        # Not StateDirectory=: the hook enqueues before the service first runs. The hook is root
        # and may add entries everywhere; the account that pushes removes them.
        systemd.tmpfiles.rules = lib.mapAttrsToList (
          _: queue: "d ${tmpfilesPath queue.queueDir} 0755 ${queue.user} ${queue.group} - -"
        ) queues;
      })
    ]
  );
}
