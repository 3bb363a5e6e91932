# Types: what they take, merge and are called.
{ lib, ... }:
let
  inherit (lib) types;
  inherit (import ./fixture.nix { inherit lib; }) fails test value;
  describe = map (type: type.description);
in
{
  tests = {
    test_equal_definitions_are_one = test (value types.bool [
      true
      true
    ]) true;

    test_anything_merges_sets_and_takes_equal_values =
      test
        (value types.anything [
          {
            a = 1;
            b.c = [ 2 ];
          }
          {
            a = 1;
            b.d = "x";
          }
        ])
        {
          a = 1;
          b = {
            c = [ 2 ];
            d = "x";
          };
        };

    test_a_path_stays_what_it_is =
      test
        (map (one: value types.path [ one ]) [
          "/a/b"
          /a/b
        ])
        [
          "/a/b"
          /a/b
        ];

    test_types_are_described_alike =
      test
        (describe (
          with types;
          [
            (nullOr path)
            (nullOr ints.positive)
            (nullOr (ints.between 1 3))
            (attrsOf path)
            (attrsOf (nullOr str))
            (listOf (oneOf [
              int
              str
            ]))
            (oneOf [
              nonEmptyStr
              path
              (attrsOf str)
            ])
            (enum [
              "a"
              "b"
            ])
            (strMatching "a+")
            (attrsOf (submodule { }))
            (submodule { freeformType = attrsOf int; })
            (attrsOf (submodule {
              freeformType = attrsOf int;
            }))
            package
            bool
            anything
            raw
            float
          ]
        ))
        [
          "null or absolute path"
          "null or (positive integer, meaning >0)"
          "null or integer between 1 and 3 (both inclusive)"
          "attribute set of absolute path"
          "attribute set of (null or string)"
          "list of (signed integer or string)"
          "non-empty string or absolute path or attribute set of string"
          "one of \"a\", \"b\""
          "string matching the pattern a+"
          "attribute set of (submodule)"
          "open submodule of attribute set of signed integer"
          "attribute set of (open submodule of attribute set of signed integer)"
          "package"
          "boolean"
          "anything"
          "raw value"
          "floating point number"
        ];
  };

  errors = {
    a_wrong_type_is_named = fails "A definition for option `x' is not of type `boolean'" (
      value types.bool [ "yes" ]
    );
    a_wrong_type_in_a_set_is_named =
      fails "A definition for option `x.a' is not of type `signed integer'"
        (value (types.attrsOf types.int) [ { a = "1"; } ]);
    a_number_out_of_range_is_refused = fails "A definition for option `x' is not of type" (
      value (types.ints.between 1 3) [ 4 ]
    );
    a_blank_text_is_empty = fails "A definition for option `x' is not of type `non-empty string'" (
      value types.nonEmptyStr [ " " ]
    );
    conflicts_are_named = fails "The option `x' has conflicting definition values" (
      value types.str [
        "a"
        "b"
      ]
    );
    null_and_something_conflict = fails "is defined both null and not null" (
      value (types.nullOr types.int) [
        1
        null
      ]
    );
  };
}
