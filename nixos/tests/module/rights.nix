# What a push may do, and what it waits for to be mounted.
{
  lib,
  evaluate,
  ours,
  main,
  test,
  service,
  picked,
  ...
}:
let
  inOwnPlaces = ours {
    settings.nix.state-dir = "/srv/nix/var";
    queues = {
      cache = {
        destination = "file:///srv/cache";
        settings.queue-dir = "/srv/queue";
        user = "cache";
      };
      cacheOfRoot.destination = "file:///tmp/cache";
      store.destination = "/srv/store?require-sigs=false";
      storeOfAccount = {
        destination = "/srv/100%\\store";
        queueDir = "/srv/my \"100%\" \\ queue";
        user = "cache";
      };
      root.destination = "local?read-only=false&root=/srv/root";
      remote.destination = "ssh://host";
      measured = {
        destination = "ssh://host";
        metricsFile = "/srv/my metrics/measured.prom";
        user = "cache";
      };
      remoteOfAccount = {
        destination = "ssh://host";
        user = "cache";
      };
    };
  };

  # As the description of `destination` says it.
  furtherDirectory = evaluate {
    services.nix-post-build-push.queues.main.destination._secret = "/run/secrets/url";
    systemd.services.nix-post-build-push-main.serviceConfig.ReadWritePaths = [ "/srv/x" ];
  };

  # What a service may do, where services differ.
  rights =
    case: name:
    picked [
      "CapabilityBoundingSet"
      "PrivateNetwork"
      "PrivateTmp"
      "PrivateUsers"
      "ProtectHome"
      "ReadWritePaths"
      "RestrictAddressFamilies"
      "SystemCallFilter"
    ] (service case name).serviceConfig;
  strict = {
    CapabilityBoundingSet = "";
    PrivateNetwork = true;
    PrivateTmp = true;
    PrivateUsers = true;
    ProtectHome = "read-only";
    RestrictAddressFamilies = [ "AF_UNIX" ];
    SystemCallFilter = [
      "@system-service"
      "~@privileged @resources"
    ];
  };
  withNetwork = strict // {
    PrivateNetwork = false;
    RestrictAddressFamilies = [
      "AF_UNIX"
      "AF_INET"
      "AF_INET6"
      "AF_NETLINK"
    ];
  };
  toOthers = strict // {
    CapabilityBoundingSet = "CAP_DAC_OVERRIDE";
    PrivateUsers = false;
  };
  givingAway = toOthers // {
    CapabilityBoundingSet = "CAP_CHOWN CAP_DAC_OVERRIDE";
    SystemCallFilter = strict.SystemCallFilter ++ [ "@chown" ];
  };
in
{
  cases = { inherit furtherDirectory inOwnPlaces; };

  tests = {
    test_a_push_may_write_to_its_queue_and_its_local_destination_and_as_root_to_the_roots =
      test
        (lib.genAttrs (lib.attrNames inOwnPlaces.services.nix-post-build-push.queues) (rights inOwnPlaces))
        {
          cache = strict // {
            ReadWritePaths = [
              ''"/srv/queue"''
              ''"/srv/cache"''
            ];
          };
          # There is no private /tmp where something in /tmp is written.
          cacheOfRoot = toOthers // {
            PrivateTmp = false;
            ReadWritePaths = [
              ''"/var/lib/nix-post-build-push/cacheOfRoot"''
              ''"/tmp/cache"''
              ''"/tmp"''
              ''"/var/tmp"''
              ''"/srv/nix/var/gcroots"''
              ''"-/srv/nix/var/gc.lock"''
            ];
          };
          # The file is renamed into its place.
          measured = withNetwork // {
            ReadWritePaths = [
              ''"/var/lib/nix-post-build-push/measured"''
              ''"/srv/my metrics"''
            ];
          };
          store = givingAway // {
            ReadWritePaths = [
              ''"/var/lib/nix-post-build-push/store"''
              ''"/srv/store"''
              ''"/srv/nix/var/gcroots"''
              ''"-/srv/nix/var/gc.lock"''
            ];
          };
          storeOfAccount = strict // {
            ReadWritePaths = [
              ''"/srv/my \"100%%\" \\ queue"''
              ''"/srv/100%%\\store"''
            ];
          };
          root = givingAway // {
            ReadWritePaths = [
              ''"/var/lib/nix-post-build-push/root"''
              ''"/srv/root"''
              ''"/srv/nix/var/gcroots"''
              ''"-/srv/nix/var/gc.lock"''
            ];
          };
          remote = withNetwork // {
            ReadWritePaths = [
              ''"/var/lib/nix-post-build-push/remote"''
              ''"/srv/nix/var/gcroots"''
              ''"-/srv/nix/var/gc.lock"''
            ];
          };
          remoteOfAccount = withNetwork // {
            ReadWritePaths = [ ''"/var/lib/nix-post-build-push/remoteOfAccount"'' ];
          };
        };

    # The whole of it, so that nothing is lost by accident.
    test_a_push_has_no_other_rights =
      test
        (removeAttrs (service inOwnPlaces "remoteOfAccount").serviceConfig [
          "CPUSchedulingPolicy"
          "CacheDirectory"
          "ExecStart"
          "Group"
          "IOSchedulingClass"
          "IOSchedulingPriority"
          "KillMode"
          "OOMPolicy"
          "Nice"
          "SuccessExitStatus"
          "Type"
          "User"
        ])
        (
          withNetwork
          // {
            ReadWritePaths = [ ''"/var/lib/nix-post-build-push/remoteOfAccount"'' ];
            AmbientCapabilities = "";
            DevicePolicy = "closed";
            KeyringMode = "private";
            LockPersonality = true;
            MemoryDenyWriteExecute = true;
            NoNewPrivileges = true;
            PrivateDevices = true;
            PrivateIPC = true;
            ProtectClock = true;
            ProtectControlGroups = true;
            ProtectHostname = true;
            ProtectKernelLogs = true;
            ProtectKernelModules = true;
            ProtectKernelTunables = true;
            ProtectProc = "invisible";
            ProtectSystem = "strict";
            RemoveIPC = true;
            RestrictNamespaces = true;
            RestrictRealtime = true;
            RestrictSUIDSGID = true;
            SystemCallArchitectures = "native";
            SystemCallErrorNumber = "EPERM";
            UMask = "0022";
          }
        );

    test_a_push_may_write_to_what_people_add =
      test (service furtherDirectory "main").serviceConfig.ReadWritePaths
        [
          ''"/var/lib/nix-post-build-push/main"''
          ''"/nix/var/nix/gcroots"''
          ''"-/nix/var/nix/gc.lock"''
          "/srv/x"
        ];

    test_a_push_begins_after_its_directories_are_mounted =
      test
        (map (name: (service inOwnPlaces name).unitConfig) [
          "cache"
          "storeOfAccount"
          "remote"
        ])
        [
          {
            RequiresMountsFor = [
              ''"/srv/queue"''
              ''"/srv/cache"''
            ];
          }
          {
            RequiresMountsFor = [
              ''"/srv/my \"100%%\" \\ queue"''
              ''"/srv/100%%\\store"''
            ];
          }
          { RequiresMountsFor = [ ''"/var/lib/nix-post-build-push/remote"'' ]; }
        ];

    test_only_a_destination_that_is_known_to_be_local_has_no_network =
      test
        (map (queue: (service (main queue) "main").serviceConfig.PrivateNetwork) [
          { destination = "/srv/chroot"; }
          {
            destination = "/srv/chroot";
            environmentFile = "/run/secrets/env";
          }
          { destination = "ssh://host"; }
        ])
        [
          true
          false
          false
        ];
  };
}
