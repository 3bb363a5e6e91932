# What is warned of, and the words for it.
{
  lib,
  evaluate,
  ours,
  main,
  test,
  ...
}:
let
  ofUs = "services.nix-post-build-push";

  withDerivations =
    keep: closureType: queue:
    (evaluate {
      nix.settings.keep-derivations = keep;
      services.nix-post-build-push.queues.main = {
        inherit closureType;
        destination = "daemon";
      }
      // queue;
    }).warnings;
  noDerivations =
    option: closureType:
    "${option} is \"${closureType}\", but nix.settings.keep-derivations is false: of a path whose derivation was collected as garbage, only its own closure is copied.";

  pushedBy =
    user: group:
    (evaluate {
      users.users.cache = { };
      users.users.other.name = "renamed";
      users.groups.cache = { };
      services.nix-post-build-push.queues.main = {
        inherit user group;
        destination = "daemon";
      };
    }).warnings;
  undeclared =
    option: name:
    "${ofUs}.queues.main.${option} is \"${name}\", which users.${option}s does not declare: if the machine does not know it otherwise, nothing is pushed.";

  noQueue = "${ofUs} is configured, but no queue of ${ofUs}.queues is enabled: no hook is set up, and nothing is pushed.";
in
{
  tests = {
    test_derivations_that_are_not_kept_are_warned_of =
      test
        [
          (withDerivations false "source" { })
          (withDerivations "false" "cache" { })
          (withDerivations false "binary" { settings.closure-type = "cache"; })
          (withDerivations true "cache" { })
          (withDerivations false "binary" { })
          (withDerivations false "bare" { })
        ]
        [
          [ (noDerivations "${ofUs}.queues.main.closureType" "source") ]
          [ (noDerivations "${ofUs}.queues.main.closureType" "cache") ]
          [ (noDerivations "${ofUs}.queues.main.settings.closure-type" "cache") ]
          [ ]
          [ ]
          [ ]
        ];

    test_an_account_with_the_group_of_root_is_warned_of = test (pushedBy "cache" "root") [
      "${ofUs}.queues.main.user is \"cache\", but ${ofUs}.queues.main.group is \"root\": the push may do what that group may."
    ];

    test_an_account_that_is_not_declared_is_warned_of =
      test
        [
          (pushedBy "cash" "cache")
          (pushedBy "cache" "cash")
          (pushedBy "cash" "cash")
        ]
        [
          [ (undeclared "user" "cash") ]
          [ (undeclared "group" "cash") ]
          [
            (undeclared "user" "cash")
            (undeclared "group" "cash")
          ]
        ];

    test_an_account_that_is_declared_is_fine =
      test
        [
          (pushedBy "cache" "cache")
          (pushedBy "renamed" "cache")
          (pushedBy "root" "cache")
          (pushedBy "root" "root")
        ]
        [
          [ ]
          [ ]
          [ ]
          [ ]
        ];

    test_a_configuration_without_enabled_queues_is_warned_of =
      test
        (map (settings: (ours settings).warnings) [
          { defaults.closureType = "cache"; }
          { hook.enable = false; }
          { settings.hook.fsync = false; }
          { queues = { }; }
          { queues.main.enable = false; }
          { queues.main.settings.enable = false; }
        ])
        [
          [ noQueue ]
          [ noQueue ]
          [ noQueue ]
          [ noQueue ]
          [ noQueue ]
          [ noQueue ]
        ];

    test_the_option_of_the_predecessor_without_effect_is_warned_of =
      test
        (ours {
          defaults.xargsBin = "/bin/xargs";
          queues.main = {
            destination = "daemon";
            xargsBin = "/bin/xargs";
          };
          queues.other.destination = "daemon";
        }).warnings
        [
          "${ofUs}.defaults.xargsBin has no effect any more: remove it."
          "${ofUs}.queues.main.xargsBin has no effect any more: remove it."
        ];
  };
}
