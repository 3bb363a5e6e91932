# A service and a timer for every queue.
{
  config,
  lib,
  cfg,
  queues,
  isSecret,
  configFile,
}:
let
  unitName = name: "nix-post-build-push-${name}";

  isLocal =
    queue:
    !isSecret queue
    && lib.any (prefix: lib.hasPrefix prefix (toString queue.destination)) [
      "/"
      "file://"
    ];

  # The configuration that a service reads. An account that is not root cannot read the file of a
  # secret, but the copy that systemd makes for the service. systemd.exec(5) says that it lies in
  # /run/credentials/UNIT, for configuration files, which cannot name $CREDENTIALS_DIRECTORY. It is
  # there for this service alone: in the common file it would break every push by hand.
  configOf =
    name: queue:
    if isSecret queue then
      configFile name {
        ${name} = queue // {
          destination.file = "/run/credentials/${unitName name}.service/destination";
        };
      }
    else
      "/etc/nix-post-build-push/config.toml";

  service = name: queue: {
    description = "Push of the queue ${name} of nix-post-build-push";
    after = lib.optional (!isLocal queue) "network-online.target";
    wants = lib.optional (!isLocal queue) "network-online.target";
    # The next push takes the new configuration; one that runs is not cut off.
    restartIfChanged = false;

    # For nix and nix-store, and for the ssh that they run.
    path = [
      config.nix.package
      config.programs.ssh.package
    ];
    environment = config.networking.proxy.envVars // {
      # Without it Nix as root opens the store itself, and makes it writable first.
      NIX_REMOTE = "daemon";
    };

    serviceConfig = {
      Type = "oneshot";
      ExecStart = "${lib.getBin cfg.package}/bin/nix-post-build-push --config-file ${configOf name queue} push --queue=${name}";
      User = queue.user;
      Group = queue.group;
      # The program ends its own children and says what it keeps.
      KillMode = "mixed";

      # Behind everything else. Not the classes "idle": on a machine that builds day and night
      # they may get nothing for longer than the stall timeout.
      Nice = 19;
      CPUSchedulingPolicy = "batch";
      IOSchedulingClass = "best-effort";
      IOSchedulingPriority = 7;

      # ProtectHome= and ProtectSystem=strict are missing: Nix caches and ssh reads its keys in
      # the home directory, the push keeps roots below /nix/var/nix, and a destination may be any
      # local directory. PrivateTmp= would hide one in /tmp.
      LockPersonality = true;
      NoNewPrivileges = true;
      PrivateDevices = true;
      PrivateTmp = !isLocal queue;
      ProtectClock = true;
      ProtectControlGroups = true;
      ProtectHostname = true;
      ProtectKernelLogs = true;
      ProtectKernelModules = true;
      ProtectKernelTunables = true;
      ProtectSystem = "full";
      RestrictAddressFamilies = [
        "AF_INET"
        "AF_INET6"
        "AF_NETLINK"
        "AF_UNIX"
      ];
      RestrictNamespaces = true;
      RestrictRealtime = true;
      RestrictSUIDSGID = true;
      SystemCallArchitectures = "native";
    }
    // lib.optionalAttrs (isSecret queue) {
      LoadCredential = [ "destination:${toString queue.destination._secret}" ];
    };
  };

  timer = name: queue: {
    description = "Timer for the queue ${name} of nix-post-build-push";
    wantedBy = [ "timers.target" ];
    timerConfig = {
      # OnUnitInactiveSec= alone never fires before somebody starts the service by hand.
      OnBootSec = queue.interval;
      OnActiveSec = queue.interval;
      OnUnitInactiveSec = queue.interval;
      Persistent = queue.persistentTimer;
      RandomizedDelaySec = queue.randomizedDelaySec;
      FixedRandomDelay = true;
    };
  };

  unitsOf =
    unit: lib.mapAttrs' (name: queue: lib.nameValuePair (unitName name) (unit name queue)) queues;
in
{
  services = unitsOf service;
  timers = unitsOf timer;
}
