# The configuration file: what the options come to, and what `settings` change.
{
  lib,
  ours,
  main,
  test,
  configOf,
  settingsOf,
  queueOf,
  evaluateWith,
  pkgs,
  stubs,
  program,
  ...
}:
let
  everything = main {
    destination = "https://cache.example.org";
    queueDir = "/srv/queue";
    metricsFile = "/srv/metrics/main.prom";
    closureType = "source";
    checkContents = "closure";
    checkSigs = false;
    substituteOnDestination = true;
    nixOpts = [
      "--option"
      "http2"
      "false"
    ];
    timeout = "1h";
    stallTimeout = "2m";
    retryDelay = "10s";
    retryMaxDelay = "2h 30m";
    maxAttempts = 3;
    batchSize = 1000;
    jobs = 4;
    verify = true;
    limits = {
      maxEntries = 10000;
      beyondMaxEntries = "drop-oldest";
      maxAge = "30days";
      beyondMaxAge = "refuse";
      maxPinned = "50GiB";
      beyondMaxPinned = "drop-oldest";
    };
    health = {
      maxParked = 3;
      maxAge = "6h";
      maxUnavailable = "10m";
      maxPinned = "10GiB";
      rememberLosses = "0s";
    };
  };

  # Each limit by itself: what the queue says, else what `defaults` say.
  limitsOf =
    queue: defaults:
    (queueOf (ours {
      inherit defaults;
      queues.main = {
        destination = "daemon";
      }
      // queue;
    }) "main").limits or null;

  over = ours {
    hook.onError = "ignore";
    settings = {
      nix.bin-dir = "/usr/bin";
      hook = {
        fsync = false;
        on-error = "fail";
      };
      queues.second.retry-delay = "5s";
      queues.main.timeout = "4h";
    };
    queues = {
      main = {
        destination = "ssh://nowhere";
        timeout = "1h";
        verify = true;
        settings = {
          destination = "ssh://somewhere";
          timeout = "2h";
          verify = false;
        };
      };
      other = {
        name = "second";
        destination._secret = "/run/secrets/url";
        settings.destination.file = "/run/secrets/other-url";
      };
    };
  };

  # Another platform's system, and the overlay left out.
  foreign = evaluateWith (
    removeAttrs pkgs [ "nix-post-build-push" ]
    // {
      callPackage = file: _: stubs.package (baseNameOf file);
      stdenv = pkgs.stdenv // {
        hostPlatform.config = "there";
      };
    }
  ) { services.nix-post-build-push.queues.main.destination = "daemon"; };

  twoPrograms = ours {
    queues.main.destination = "daemon";
    queues.same.destination = "daemon";
    queues.other = {
      destination = "auto";
      package = pkgs.another;
    };
  };

  checks =
    package:
    lib.hasInfix "${package}/bin/nix-post-build-push --config-file \"$unchecked\" config check --declared\n";
in
{
  cases = {
    inherit everything over twoPrograms;
  };

  tests = {
    test_every_option_of_a_queue_reaches_the_program = test (queueOf everything "main") {
      enable = true;
      destination = "https://cache.example.org";
      queue-dir = "/srv/queue";
      closure-type = "source";
      check-contents = "closure";
      check-sigs = false;
      substitute-on-destination = true;
      nix-opts = [
        "--option"
        "http2"
        "false"
      ];
      timeout = "1h";
      stall-timeout = "2m";
      retry-delay = "10s";
      retry-max-delay = "2h 30m";
      max-attempts = 3;
      batch-size = 1000;
      jobs = 4;
      verify = true;
      limits = {
        max-entries = 10000;
        beyond-max-entries = "drop-oldest";
        max-age = "30days";
        beyond-max-age = "refuse";
        max-pinned = "50GiB";
        beyond-max-pinned = "drop-oldest";
      };
      health = {
        max-parked = 3;
        max-age = "6h";
        max-unavailable = "10m";
        max-pinned = "10GiB";
        remember-losses = "0s";
      };
      metrics-file = "/srv/metrics/main.prom";
    };

    test_limits_are_written_only_if_set_and_each_is_inherited_by_itself =
      test
        [
          (limitsOf { } { })
          (limitsOf { limits.maxAge = "1h"; } { limits.maxEntries = 5; })
          (limitsOf { limits.maxEntries = 7; } { limits.maxEntries = 5; })
          (limitsOf { settings.limits.max-entries = 9; } { limits.maxEntries = 5; })
        ]
        [
          null
          {
            max-age = "1h";
            max-entries = 5;
          }
          { max-entries = 7; }
          { max-entries = 9; }
        ];

    test_settings_win_over_options_and_the_machines_over_a_queues =
      test
        [
          (removeAttrs (settingsOf over) [ "queues" ])
          (queueOf over "main").destination
          (queueOf over "main").timeout
          (queueOf over "main").verify
        ]
        [
          {
            nix.bin-dir = "/usr/bin";
            hook.fsync = false;
            hook.on-error = "fail";
          }
          "ssh://somewhere"
          "4h"
          false
        ];

    test_a_queue_is_called_by_its_name_everywhere =
      test
        [
          (lib.attrNames (settingsOf over).queues)
          (queueOf over "second").queue-dir
          (queueOf over "second").retry-delay
          (queueOf over "second").destination
          (lib.attrNames over.systemd.services)
          over.services.nix-post-build-push.queues.other.serviceName
          over.services.nix-post-build-push.queues.other.timerName
        ]
        [
          [
            "main"
            "second"
          ]
          "/var/lib/nix-post-build-push/second"
          "5s"
          { file = "/run/secrets/other-url"; }
          [
            "nix-post-build-push-main"
            "nix-post-build-push-second"
          ]
          "nix-post-build-push-second"
          "nix-post-build-push-second"
        ];

    test_a_destination_that_only_settings_have_is_enough =
      test (queueOf (main { settings.destination = "daemon"; }) "main").destination
        "daemon";

    test_the_file_is_checked_by_each_program_that_reads_it =
      test
        (map (package: checks package (configOf twoPrograms).command) [
          pkgs.nix-post-build-push
          pkgs.another
        ])
        [
          true
          true
        ];

    test_a_program_checks_the_file_once = test (lib.length (lib.splitString program (configOf twoPrograms).command)) 2;

    test_a_program_of_another_platform_is_not_run = test (lib.hasInfix "config check" (configOf foreign).command) false;

    test_without_the_overlay_the_package_is_built =
      test (map toString foreign.environment.systemPackages)
        [ (toString (stubs.package "package.nix")) ];
  };

  # What the program says of these files.
  refused = {
    unknownKey = {
      case = main {
        destination = "daemon";
        settings.colour = "blue";
      };
      message = "colour";
    };
    unknownTable = {
      case = ours {
        queues.main.destination = "daemon";
        settings.hooks.on-error = "fail";
      };
      message = "hooks";
    };
    noDuration = {
      case = main {
        destination = "daemon";
        timeout = "soon";
      };
      message = "timeout";
    };
    noSize = {
      case = main {
        destination = "daemon";
        limits.maxPinned = "50G";
      };
      message = "max-pinned";
    };
    noSwitch = {
      case = main {
        destination = "daemon";
        settings.enable = "yes";
      };
      message = "expected true or false";
    };
    noStore = {
      case = main { destination = "cache.example.org"; };
      message = "not a store URI";
    };
  };

  errors = {
    settings_are_toml = {
      expr = queueOf (main {
        destination = "daemon";
        settings.verify = null;
      }) "main";
      message = "services.nix-post-build-push.queues.main.settings";
    };
    a_destination_is_needed = {
      expr = queueOf (main { }) "main";
      message = "The option `services.nix-post-build-push.queues.main.destination' was accessed but has no value defined";
    };
    an_unknown_option_is_refused = {
      expr = (main { destinations = "daemon"; }).environment.etc;
      message = "services.nix-post-build-push.queues.main.destinations' does not exist";
    };
    beyond_a_limit_one_of_two_things_happens = {
      expr = queueOf (main {
        destination = "daemon";
        limits.beyondMaxAge = "forget";
      }) "main";
      message = "services.nix-post-build-push.queues.main.limits.beyondMaxAge' is not of type `null or one of \"refuse\", \"drop-oldest\"'";
    };
    a_closure_type_is_one_of_four = {
      expr = queueOf (main {
        destination = "daemon";
        closureType = "everything";
      }) "main";
      message = "services.nix-post-build-push.queues.main.closureType' is not of type `one of \"bare\", \"binary\", \"source\", \"cache\"'";
    };
  };
}
