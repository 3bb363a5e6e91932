# What the module makes of configurations. nixos/check runs it.
#
#   failures   the tests that fail, with what was expected: none if all is well
#   files      the text of each generated configuration file
#   fileNames  their names
{
  nixpkgsLib ? <nixpkgs/lib>,
}:
let
  lib = import nixpkgsLib;
  cases = import ./cases.nix { inherit lib; };
  toToml = import ./toml.nix { inherit lib; };
  store = name: "/nix/store/00000000000000000000000000000000-${name}";

  configOf = case: case.environment.etc."nix-post-build-push/config.toml".source;
  valueOf = file: file.unchecked.value;
  service = case: name: case.systemd.services."nix-post-build-push-${name}";
  timer = case: name: case.systemd.timers."nix-post-build-push-${name}";
  picked = names: attrs: lib.filterAttrs (name: _: lib.elem name names) attrs;
  failing = case: map (a: a.message) (lib.filter (a: !a.assertion) case.assertions);
  nothing = {
    etc = { };
    settings = { };
    services = { };
    timers = { };
    rules = [ ];
    packages = [ ];
  };
  made = case: {
    inherit (case.environment) etc;
    inherit (case.nix) settings;
    inherit (case.systemd) services timers;
    inherit (case.systemd.tmpfiles) rules;
    packages = case.environment.systemPackages;
  };
  test = expr: expected: { inherit expr expected; };

  inherit (cases) quickStart inheriting secret;

  files = lib.mapAttrs (_: case: toToml (valueOf (configOf case))) {
    inherit (cases)
      inheriting
      ownHook
      quickStart
      secret
      ;
  };
in
{
  failures = lib.runTests {
    test_the_quick_start_of_the_readme_gives_this_configuration = test (valueOf (configOf quickStart)) {
      hook.on-error = "ignore";
      queues.main = {
        destination = "ssh://my.cache.server";
        queue-dir = "/var/lib/nix-post-build-push/main";
        closure-type = "cache";
        check-sigs = true;
        substitute-on-destination = false;
        nix-opts = [ ];
      };
    };

    test_the_quick_start_complains_of_nothing = test (quickStart.warnings ++ failing quickStart) [ ];

    test_the_hook_is_the_hook_program_itself = test [
      quickStart.nix.settings
      quickStart.services.nix-post-build-push.hook.script
    ] [
      { post-build-hook = "${store "nix-post-build-push"}/bin/nix-post-build-push-hook"; }
      "${store "nix-post-build-push"}/bin/nix-post-build-push-hook"
    ];

    test_a_service_pushes_its_queue_with_the_common_configuration =
      test
        (
          picked [
            "Type"
            "ExecStart"
            "User"
            "Group"
            "LoadCredential"
          ] (service quickStart "main").serviceConfig
        )
        {
          Type = "oneshot";
          ExecStart = "${store "nix-post-build-push"}/bin/nix-post-build-push --config-file /etc/nix-post-build-push/config.toml push --queue=main";
          User = "root";
          Group = "root";
        };

    test_a_service_finds_nix_and_ssh_and_uses_the_daemon =
      test
        (
          picked [
            "path"
            "environment"
            "restartIfChanged"
          ] (service quickStart "main")
          // {
            path = map toString (service quickStart "main").path;
          }
        )
        {
          path = [
            (store "nix")
            (store "openssh")
          ];
          environment.NIX_REMOTE = "daemon";
          restartIfChanged = false;
        };

    test_the_timer_begins_by_itself_and_goes_on =
      test
        {
          inherit (timer quickStart "main") wantedBy timerConfig;
        }
        {
          wantedBy = [ "timers.target" ];
          timerConfig = {
            OnBootSec = "5 min";
            OnActiveSec = "5 min";
            OnUnitInactiveSec = "5 min";
            Persistent = false;
            RandomizedDelaySec = "0";
            FixedRandomDelay = true;
          };
        };

    test_the_queue_directory_is_there_before_the_hook_runs = test quickStart.systemd.tmpfiles.rules [
      "d /var/lib/nix-post-build-push/main 0755 root root - -"
    ];

    test_the_program_is_there_for_people = test (map toString quickStart.environment.systemPackages) [
      (store "nix-post-build-push")
    ];

    test_the_configuration_is_checked_without_reading_secrets =
      test
        (lib.hasInfix ''--config-file "$unchecked" config check --declared'' (configOf quickStart).command)
        true;

    test_without_nix_there_is_a_warning_and_nothing_else =
      test
        [
          (made cases.withoutNix)
          (map (lib.hasInfix "nix.enable") cases.withoutNix.warnings)
        ]
        [
          nothing
          [ true ]
        ];

    test_without_queues_nothing_is_set = test (made cases.withoutQueues) nothing;

    test_a_disabled_queue_needs_no_destination_and_sets_nothing = test (made cases.onlyDisabled) nothing;

    test_a_disabled_hook_leaves_the_queues =
      test
        [
          cases.ownHook.nix.settings
          (builtins.attrNames cases.ownHook.systemd.timers)
        ]
        [
          { }
          [ "nix-post-build-push-main" ]
        ];

    test_queues_inherit_the_defaults_and_may_differ = test (valueOf (configOf inheriting)) {
      hook.on-error = "fail";
      queues.plain = {
        destination = "/srv/chroot";
        queue-dir = "/srv/queues/plain";
        closure-type = "binary";
        check-sigs = false;
        substitute-on-destination = true;
        nix-opts = [ "--refresh" ];
      };
      queues.different = {
        destination = "s3://bucket?region=eu-west-1";
        queue-dir = "/srv/my 100% queue";
        closure-type = "binary";
        check-sigs = true;
        substitute-on-destination = false;
        nix-opts = [ ];
      };
    };

    test_units_inherit_the_defaults_and_may_differ =
      test
        (map
          (name: [
            (service inheriting name).serviceConfig.User
            (service inheriting name).serviceConfig.Group
            (timer inheriting name).timerConfig.OnUnitInactiveSec
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
            "1h"
            true
            "1m"
          ]
          [
            "root"
            "root"
            "2h"
            false
            "0"
          ]
        ];

    test_the_account_that_pushes_owns_the_directory = test inheriting.systemd.tmpfiles.rules [
      "d /srv/my\\x20100%%\\x20queue 0755 root root - -"
      "d /srv/queues/plain 0755 cache builders - -"
    ];

    test_a_disabled_queue_has_no_units = test (builtins.attrNames inheriting.systemd.services) [
      "nix-post-build-push-different"
      "nix-post-build-push-plain"
    ];

    test_another_package_is_used_everywhere =
      test
        (map (lib.hasPrefix (store "another")) [
          inheriting.nix.settings.post-build-hook
          (service inheriting "plain").serviceConfig.ExecStart
        ])
        [
          true
          true
        ];

    test_only_a_remote_destination_waits_for_the_network =
      test
        (map (name: (service inheriting name).wants ++ (service inheriting name).after) [
          "plain"
          "different"
        ])
        [
          [ ]
          [
            "network-online.target"
            "network-online.target"
          ]
        ];

    test_people_have_the_file_of_the_secret =
      test (valueOf (configOf secret)).queues.hidden.destination
        { file = "/run/secrets/cache-url"; };

    test_a_service_has_the_secret_as_a_credential = test (service secret "hidden").serviceConfig.LoadCredential [
      "destination:/run/secrets/cache-url"
    ];

    test_a_service_with_a_secret_has_a_configuration_of_its_own =
      test (service secret "hidden").serviceConfig.ExecStart
        "${store "nix-post-build-push"}/bin/nix-post-build-push --config-file ${store "nix-post-build-push-hidden.toml"} push --queue=hidden";

    test_other_services_keep_the_common_configuration =
      test (lib.hasInfix "/etc/nix-post-build-push/config.toml" (service secret "plain").serviceConfig.ExecStart)
        true;

    test_a_secret_outside_the_store_is_fine = test (failing secret) [ ];

    test_a_secret_in_the_store_is_refused =
      test (map (lib.hasInfix "queues.hidden.destination._secret") (failing cases.secretInStore))
        [ true ];

    test_a_program_of_another_platform_is_not_run = test (lib.hasInfix "config check"
      (configOf cases.foreign).command
    ) false;

    test_without_the_overlay_the_package_is_built = test (map toString
      cases.foreign.environment.systemPackages
    ) [ (store "package.nix") ];
  };

  inherit files;
  fileNames = toString (builtins.attrNames files);
}
