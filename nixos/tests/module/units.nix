# Services and timers.
{
  lib,
  evaluate,
  ours,
  main,
  test,
  queueOf,
  service,
  timer,
  failing,
  picked,
  pkgs,
  ...
}:
let
  inheriting = ours {
    baseDir = "/srv/queues";
    defaults = {
      checkSigs = false;
      substituteOnDestination = true;
      nixOpts = [ "--refresh" ];
      interval = "1h";
      persistentTimer = true;
      randomizedDelaySec = "1m";
      user = "cache";
      group = "builders";
      package = pkgs.another;
    };
    queues = {
      plain.destination = "/srv/chroot";
      different = {
        destination = "s3://bucket?region=eu-west-1";
        checkSigs = true;
        substituteOnDestination = false;
        nixOpts = [ ];
        interval = "2h";
        persistentTimer = false;
        randomizedDelaySec = "0";
        user = "root";
        group = "root";
        package = pkgs.nix-post-build-push;
      };
      disabled.enable = false;
      former = {
        enable = false;
        queueDir = "/srv/queues/plain";
      };
    };
  };

  proxied = evaluate {
    networking.proxy.envVars.https_proxy = "http://me:a%40b@proxy";
    services.nix-post-build-push.queues.main.destination = "https://cache.example.org";
  };

  waitsForNetwork =
    queue:
    let
      unit = service (main queue) "main";
    in
    map (lib.elem "network-online.target") [
      unit.wants
      unit.after
    ];
  waiting = [
    true
    true
  ];
  notWaiting = [
    false
    false
  ];

  remote = [
    "ssh://host"
    "ssh-ng://host"
    "s3://bucket"
    "https://cache.example.org"
    "http://127.0.0.1"
  ];
  local = [
    "/srv/chroot"
    "/srv/chroot?require-sigs=false"
    "file:///srv/cache"
    "file:///srv/cache?compression=zstd"
    "local"
    "local?root=/srv/chroot"
    "daemon"
    "auto"
    "unix:///run/other.sock"
  ];
in
{
  cases = {
    inherit inheriting proxied;
    destinations = ours {
      queues = lib.listToAttrs (
        lib.imap0 (n: destination: lib.nameValuePair "queue-${toString n}" { inherit destination; }) (
          remote ++ local
        )
      );
    };
  };

  tests = {
    test_queues_inherit_the_defaults_and_may_differ =
      test
        (map
          (
            name:
            picked [
              "queue-dir"
              "check-sigs"
              "substitute-on-destination"
              "nix-opts"
            ] (queueOf inheriting name)
          )
          [
            "plain"
            "different"
          ]
        )
        [
          {
            queue-dir = "/srv/queues/plain";
            check-sigs = false;
            substitute-on-destination = true;
            nix-opts = [ "--refresh" ];
          }
          {
            queue-dir = "/srv/queues/different";
            check-sigs = true;
            substitute-on-destination = false;
            nix-opts = [ ];
          }
        ];

    test_units_inherit_the_defaults_and_may_differ =
      test
        (map
          (name: [
            (service inheriting name).serviceConfig.User
            (service inheriting name).serviceConfig.Group
            (lib.head (lib.splitString " " (service inheriting name).serviceConfig.ExecStart))
            (timer inheriting name).timerConfig.OnUnitActiveSec
            (timer inheriting name).timerConfig.Persistent
            (timer inheriting name).timerConfig.RandomizedDelaySec
          ])
          [
            "plain"
            "different"
          ]
        )
        [
          [
            "cache"
            "builders"
            "${pkgs.another}/bin/nix-post-build-push"
            "1h"
            true
            "1m"
          ]
          [
            "root"
            "root"
            "${pkgs.nix-post-build-push}/bin/nix-post-build-push"
            "2h"
            false
            "0"
          ]
        ];

    # Whoever lists or drops what is left in it has to reach it.
    test_a_disabled_queue_is_in_the_configuration_with_its_directory_alone =
      test (queueOf inheriting "disabled")
        {
          enable = false;
          queue-dir = "/srv/queues/disabled";
        };

    test_a_disabled_queue_has_no_directory_made =
      test (lib.filter (lib.hasInfix "disabled") inheriting.systemd.tmpfiles.rules)
        [ ];

    test_a_disabled_queue_has_no_units =
      test
        (map lib.attrNames [
          inheriting.systemd.services
          inheriting.systemd.timers
        ])
        [
          [
            "nix-post-build-push-different"
            "nix-post-build-push-plain"
          ]
          [
            "nix-post-build-push-different"
            "nix-post-build-push-plain"
          ]
        ];

    test_a_service_finds_nix_and_ssh_and_uses_the_daemon_and_a_cache_of_its_own =
      test
        [
          (service inheriting "plain").path
          (service inheriting "plain").environment
          (service inheriting "plain").serviceConfig.CacheDirectory
        ]
        [
          [
            pkgs.nix
            pkgs.openssh
          ]
          {
            NIX_REMOTE = "daemon";
            XDG_CACHE_HOME = "%C/nix-post-build-push-plain";
          }
          "nix-post-build-push-plain"
        ];

    test_a_service_uses_the_proxy_of_the_machine = test (service proxied "main").environment.https_proxy "http://me:a%%40b@proxy";

    test_a_service_gets_out_of_the_way =
      test
        (picked [
          "Nice"
          "CPUSchedulingPolicy"
          "IOSchedulingClass"
          "IOSchedulingPriority"
          "KillMode"
          "OOMPolicy"
          "SuccessExitStatus"
        ] (service inheriting "plain").serviceConfig)
        {
          Nice = 19;
          CPUSchedulingPolicy = "batch";
          IOSchedulingClass = "best-effort";
          IOSchedulingPriority = 7;
          KillMode = "mixed";
          OOMPolicy = "continue";
          SuccessExitStatus = "SIGTERM";
        };

    test_a_push_that_runs_is_not_cut_off_by_a_switch = test (service inheriting "plain").restartIfChanged false;

    test_no_start_of_a_service_is_refused = test (service inheriting "plain").startLimitIntervalSec 0;

    test_a_service_starts_after_the_daemon_listens = test (lib.elem "nix-daemon.socket" (service inheriting "plain").after) true;

    test_a_remote_destination_waits_for_the_network = test (map (
      destination: waitsForNetwork { inherit destination; }
    ) remote) (map (_: waiting) remote);

    test_a_local_destination_does_not_wait_for_the_network = test (map (
      destination: waitsForNetwork { inherit destination; }
    ) local) (map (_: notWaiting) local);

    test_every_kind_of_destination_is_fine = test (lib.concatMap (
      destination:
      failing (main {
        inherit destination;
      })
    ) (remote ++ local)) [ ];

    test_a_destination_that_is_not_known_waits_for_the_network =
      test
        [
          (waitsForNetwork { destination._secret = "/run/secrets/url"; })
          (waitsForNetwork {
            destination = "/srv/chroot";
            environmentFile = "/run/secrets/env";
          })
          (waitsForNetwork {
            destination = "/srv/chroot";
            settings.destination = "ssh://host";
          })
        ]
        [
          waiting
          waiting
          waiting
        ];

    test_the_timer_of_contrib_pushes_as_often_as_this_one_does_by_default =
      let
        ours = (timer (main { destination = "daemon"; }) "main").timerConfig;
        others = lib.splitString "\n" (
          builtins.readFile (../../../contrib/systemd + "/nix-post-build-push@.timer")
        );
        isTheSame =
          name: lib.elem "${name}=${lib.replaceStrings [ " " ] [ "" ] ours.${name}}" others;
      in
      test
        (map isTheSame [
          "OnBootSec"
          "OnActiveSec"
          "OnUnitActiveSec"
        ])
        [
          true
          true
          true
        ];

    test_a_service_may_be_changed_by_its_name =
      test
        (service (evaluate (
          { config, ... }:
          {
            services.nix-post-build-push.queues.main.destination = "daemon";
            systemd.services.${config.services.nix-post-build-push.queues.main.serviceName}.serviceConfig.Nice =
              lib.mkForce 1;
          }
        )) "main").serviceConfig.Nice
        1;
  };
}
