# The post-build hook.
{
  lib,
  evaluate,
  ours,
  test,
  settingsOf,
  program,
  pkgs,
  ...
}:
let
  withOwn =
    priority:
    evaluate {
      nix.settings.post-build-hook = lib.mkOverride 500 "/my/hook";
      services.nix-post-build-push = {
        hook = { inherit priority; };
        queues.main.destination = "daemon";
      };
    };

  disabled = ours {
    hook.enable = false;
    queues.main.destination = "daemon";
  };

  failing = ours {
    hook.onError = "fail";
    queues.main.destination = "daemon";
  };
in
{
  cases = {
    hookDisabled = disabled;
    hookFails = failing;
  };

  tests = {
    test_a_disabled_hook_leaves_the_queues =
      test
        [
          disabled.nix.settings
          (lib.attrNames disabled.systemd.timers)
        ]
        [
          { }
          [ "nix-post-build-push-main" ]
        ];

    test_the_hook_program_is_there_for_hooks_of_people = test disabled.services.nix-post-build-push.hook.script.program "${program}-hook";

    test_the_hook_wins_over_definitions_that_are_weaker = test (withOwn lib.modules.defaultOverridePriority).nix.settings.post-build-hook "${program}-hook";

    test_the_hook_gives_way_if_its_priority_says_so = test (withOwn 1000).nix.settings.post-build-hook "/my/hook";

    test_the_priority_is_that_of_any_definition_by_default = test disabled.services.nix-post-build-push.hook.priority 100;

    test_the_configuration_says_what_the_hook_does_on_errors = test (settingsOf failing).hook {
      on-error = "fail";
    };

    test_the_hook_is_the_one_of_the_package_in_defaults =
      test
        (ours {
          defaults.package = pkgs.another;
          queues.main = {
            destination = "daemon";
            package = pkgs.nix-post-build-push;
          };
        }).nix.settings.post-build-hook
        "${pkgs.another}/bin/nix-post-build-push-hook";
  };

  errors.the_hook_program_cannot_be_set = {
    expr = (ours { hook.script = "/my/hook"; }).services.nix-post-build-push.hook.script;
    message = "services.nix-post-build-push.hook.script' is read-only";
  };
}
