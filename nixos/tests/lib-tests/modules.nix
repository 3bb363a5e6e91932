# Modules: which definitions an option has, and in which order.
{ lib, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ./fixture.nix { inherit lib; })
    evaluate
    fails
    option
    test
    value
    withDefault
    ;

  nested = types.attrsOf (
    types.submodule (
      { name, config, ... }:
      {
        options = {
          name = withDefault types.str name;
          greeting = withDefault types.str "I am ${config.name}";
        };
      }
    )
  );
in
{
  tests = {
    test_definitions_of_later_modules_come_first =
      test
        (value (types.listOf types.str) [
          [ "a" ]
          [ "b" ]
        ])
        [
          "b"
          "a"
        ];

    test_imports_come_before_what_imports_them =
      test
        (evaluate [
          {
            options.x = option (types.listOf types.str);
            imports = [
              { x = [ "first" ]; }
              { x = [ "second" ]; }
            ];
            config.x = [ "own" ];
          }
          { x = [ "other" ]; }
        ]).x
        [
          "second"
          "first"
          "other"
          "own"
        ];

    test_a_file_is_imported_once =
      test
        (evaluate [
          ./imported.nix
          { imports = [ ./imported.nix ]; }
        ]).x
        [ "once" ];

    test_the_smallest_priority_wins =
      test
        (map (value types.int) [
          [
            (lib.mkDefault 1)
            2
          ]
          [
            (lib.mkForce 1)
            2
          ]
          [
            (lib.mkOverride 99 1)
            2
          ]
          [
            (lib.mkOptionDefault 1)
            (lib.mkDefault 2)
          ]
        ])
        [
          2
          1
          1
          2
        ];

    test_a_default_gives_way_to_every_definition =
      test
        (evaluate [
          { options.x = withDefault types.int 1; }
          { x = lib.mkDefault 2; }
        ]).x
        2;

    test_conditions_hold_on_every_level =
      test
        (evaluate [
          {
            options.a.x = option (types.listOf types.int);
            options.a.y = option (types.attrsOf types.int);
            options.on = option types.bool;
          }
          (
            { config, ... }:
            {
              config = lib.mkMerge [
                { on = true; }
                (lib.mkIf config.on { a.x = [ 1 ]; })
                (lib.mkIf (!config.on) { a.x = [ 2 ]; })
                {
                  a = lib.mkIf config.on {
                    y.yes = 1;
                    y.no = lib.mkIf false 2;
                  };
                }
              ];
            }
          )
        ]).a
        {
          x = [ 1 ];
          y.yes = 1;
        };

    test_a_priority_holds_for_everything_in_it =
      test
        (evaluate [
          {
            options.a.x = option types.int;
            options.a.y = option types.int;
          }
          {
            a = lib.mkForce {
              x = 1;
              y = 1;
            };
          }
          {
            a.x = 2;
            a.y = lib.mkOverride 10 2;
          }
        ]).a
        {
          x = 1;
          y = 2;
        };

    test_an_option_knows_the_priority_of_its_value =
      test
        (map
          (
            definitions:
            (lib.evalModules {
              modules = [ { options.x = withDefault types.int 1; } ] ++ definitions;
            }).options.x.highestPrio
          )
          [
            [ ]
            [ { x = 2; } ]
            [ { x = lib.mkForce 2; } ]
          ]
        )
        [
          1500
          100
          50
        ];

    test_submodules_know_their_name_and_each_other =
      test
        (value nested [
          { one = { }; }
          { two.name = "other"; }
          { three = { config, ... }: { greeting = "${config.name}!"; }; }
        ])
        {
          one = {
            name = "one";
            greeting = "I am one";
          };
          two = {
            name = "other";
            greeting = "I am other";
          };
          three = {
            name = "three";
            greeting = "three!";
          };
        };

    test_a_free_form_takes_what_is_not_declared =
      test
        (value
          (types.submodule {
            freeformType = types.attrsOf types.int;
            options.a = withDefault types.int 1;
          })
          [
            { b = 2; }
            { c = lib.mkForce 3; }
            { c = 4; }
          ]
        )
        {
          a = 1;
          b = 2;
          c = 3;
        };

    test_arguments_come_from_modules =
      test
        (evaluate [
          { options.x = option types.int; }
          ({ answer, ... }: { x = answer; })
          {
            _module.args = {
              answer = 42;
            };
          }
        ]).x
        42;
  };

  errors = {
    an_option_without_a_value_is_named = fails "The option `x' was accessed but has no value defined" (
      value types.str [ ]
    );
    an_option_that_is_not_declared_is_named = fails "The option `a.y' does not exist" (evaluate [
      { options.a.x = withDefault types.int 1; }
      { a.y = lib.mkIf false 1; }
    ]);
    an_option_of_a_submodule_that_is_not_declared_is_named =
      fails "The option `x.one.nme' does not exist"
        (value nested [ { one.nme = "other"; } ]).one.name;
    an_option_that_is_only_to_be_read_cannot_be_set = fails "The option `x' is read-only" (
      (evaluate [
        {
          options.x = mkOption {
            type = types.int;
            default = 1;
            readOnly = true;
          };
        }
        { x = 2; }
      ]).x
    );
    an_option_is_declared_once = fails "The option `x'" (
      (evaluate [
        { options.x = option types.int; }
        { options.x = option types.str; }
      ]).x
    );
    definitions_do_not_stand_beside_config = fails "has an unsupported attribute `y'" (evaluate [
      {
        config = { };
        y = 1;
      }
    ]);
  };
}
