# The service and the timer that push a queue.
{ config, lib }:
queue:
let
  escape = import ../escape.nix { inherit lib; };
  rights = import ./rights.nix { inherit lib; };
  credentials = import ./credentials.nix { inherit lib; } queue;
  inherit (queue) options;
  unit = options.serviceName;

  # A file with variables may name another destination.
  needsNetwork = !queue.destination.isLocal || options.environmentFile != null;
in
{
  service = {
    description = "Push of the queue ${queue.name} of nix-post-build-push";
    after = [ "nix-daemon.socket" ] ++ lib.optional needsNetwork "network-online.target";
    wants = lib.optional needsNetwork "network-online.target";
    # The next push takes the new configuration; one that runs is not cut off.
    restartIfChanged = false;
    # Else a push at boot would write below where a file system is about to be mounted.
    unitConfig.RequiresMountsFor = map escape.listed (
      [ queue.directory ] ++ queue.destination.directories ++ queue.metricsDirectories
    );
    # A start that systemd refused would be a push that nobody makes up for before the timer.
    startLimitIntervalSec = 0;

    # For nix and nix-store, and for the ssh that they run.
    path = [
      config.nix.package
      config.programs.ssh.package
    ];
    environment =
      lib.mapAttrs (_: escape.specifiers) config.networking.proxy.envVars
      // {
        # Without it Nix as root opens the store itself, and makes it writable first.
        NIX_REMOTE = "daemon";
        # What Nix knows of binary caches. A home directory may be absent, or not writable.
        XDG_CACHE_HOME = "%C/${unit}";
      }
      // credentials.environment;

    serviceConfig =
      rights {
        inherit (options) user;
        inherit (queue) destination metricsDirectories stateDir;
        inherit needsNetwork;
        queueDir = queue.directory;
      }
      // {
        Type = "oneshot";
        ExecStart =
          "${lib.getBin options.package}/bin/nix-post-build-push"
          + " --config-file /etc/nix-post-build-push/config.toml"
          + " push --queue=${queue.name}"
          + credentials.arguments;
        User = options.user;
        Group = options.group;
        CacheDirectory = unit;
        # The program ends its own children and says what it keeps.
        KillMode = "mixed";
        # If nix runs out of memory over one path, the push goes on with the others.
        OOMPolicy = "continue";
        # A push that was stopped, by a shutdown perhaps, has not failed.
        SuccessExitStatus = "SIGTERM";

        # Behind everything else. Not the classes "idle": on a machine that builds day and night
        # they may get nothing for longer than the stall timeout.
        Nice = 19;
        CPUSchedulingPolicy = "batch";
        IOSchedulingClass = "best-effort";
        IOSchedulingPriority = 7;
      }
      // credentials.serviceConfig;
  };

  timer = {
    description = "Timer for the queue ${queue.name} of nix-post-build-push";
    wantedBy = [ "timers.target" ];
    timerConfig = {
      # OnUnitActiveSec= alone never fires before somebody starts the service by hand.
      OnBootSec = options.interval;
      OnActiveSec = options.interval;
      OnUnitActiveSec = options.interval;
      # By default timers are up to a minute late, to save power.
      AccuracySec = "1s";
      Persistent = options.persistentTimer;
      RandomizedDelaySec = options.randomizedDelaySec;
      FixedRandomDelay = true;
    };
  };
}
