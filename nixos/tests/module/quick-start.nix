# The configuration of docs/get-started.md, and that nothing happens without one.
{
  lib,
  evaluate,
  ours,
  main,
  test,
  settingsOf,
  service,
  timer,
  failing,
  picked,
  program,
  made,
  nothing,
  pkgs,
  ...
}:
let
  entry = import ../../../default.nix { inherit pkgs; };

  quickStart = evaluate {
    imports = [ entry.nixosModules.nix-post-build-push ];
    nix.enable = true;
    nixpkgs.overlays = [ entry.overlays.nix-post-build-push ];
    services.nix-post-build-push = {
      defaults.closureType = "cache";
      queues.main = {
        destination = "ssh://my.cache.server";
        interval = "5 min";
      };
    };
  };

  withoutNix = evaluate {
    nix.enable = false;
    # Elsewhere this is refused.
    services.nix-post-build-push.queues.main.destination = "./cache";
  };
in
{
  cases = { inherit quickStart; };

  tests = {
    test_the_quick_start_gives_this_configuration = test (settingsOf quickStart) {
      hook.on-error = "ignore";
      queues.main = {
        enable = true;
        destination = "ssh://my.cache.server";
        queue-dir = "/var/lib/nix-post-build-push/main";
        closure-type = "cache";
        check-sigs = true;
        substitute-on-destination = false;
        nix-opts = [ ];
      };
    };

    test_the_quick_start_complains_of_nothing = test (quickStart.warnings ++ failing quickStart) [ ];

    test_the_hook_is_the_hook_program_itself = test quickStart.nix.settings {
      post-build-hook = "${program}-hook";
    };

    test_the_quick_start_pushes_its_queue =
      test
        (picked [
          "Type"
          "ExecStart"
          "User"
          "Group"
          "LoadCredential"
          "EnvironmentFile"
        ] (service quickStart "main").serviceConfig)
        {
          Type = "oneshot";
          ExecStart = "${program} --config-file /etc/nix-post-build-push/config.toml push --queue=main";
          User = "root";
          Group = "root";
        };

    test_the_timer_of_the_quick_start_begins_by_itself_and_goes_on =
      test { inherit (timer quickStart "main") wantedBy timerConfig; }
        {
          wantedBy = [ "timers.target" ];
          timerConfig = {
            OnBootSec = "5 min";
            OnActiveSec = "5 min";
            OnUnitActiveSec = "5 min";
            Persistent = false;
            RandomizedDelaySec = "0";
            AccuracySec = "1s";
            FixedRandomDelay = true;
          };
        };

    test_the_queue_directory_of_the_quick_start_is_there_before_the_hook_runs =
      test quickStart.systemd.tmpfiles.rules
        [
          "d /var/lib/nix-post-build-push/main 0755 root root - -"
          "Z /var/lib/nix-post-build-push/main - root root - -"
        ];

    test_the_quick_start_has_the_program_for_people = test quickStart.environment.systemPackages [
      pkgs.nix-post-build-push
    ];

    test_without_any_configuration_nothing_is_set_and_nothing_said =
      let
        untouched = ours { };
      in
      test
        [
          (made untouched)
          untouched.warnings
          (failing untouched)
        ]
        [
          nothing
          [ ]
          [ ]
        ];

    test_without_nix_there_is_a_warning_and_nothing_else =
      test
        [
          (made withoutNix)
          withoutNix.warnings
          (failing withoutNix)
        ]
        [
          nothing
          [
            "services.nix-post-build-push has queues, but nix.enable is false: no hook is set up, and nothing is pushed."
          ]
          [ ]
        ];

    test_without_nix_and_without_any_configuration_nothing_is_said =
      test (evaluate { nix.enable = false; }).warnings
        [ ];

    # So that `--queue main drop --all` finds what is still in it.
    test_a_disabled_queue_needs_no_destination_and_only_people_see_it =
      test
        (map
          (queue: [
            (settingsOf (main queue)).queues
            (removeAttrs (made (main queue)) [ "etc" ])
          ])
          [
            { enable = false; }
            { settings.enable = false; }
          ]
        )
        (
          map
            (_: [
              {
                main = {
                  enable = false;
                  queue-dir = "/var/lib/nix-post-build-push/main";
                };
              }
              (removeAttrs nothing [ "etc" ] // { packages = [ pkgs.nix-post-build-push ]; })
            ])
            [
              1
              2
            ]
        );
  };
}
