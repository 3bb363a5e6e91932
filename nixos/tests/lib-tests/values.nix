# Sets, lists and texts.
{ lib, ... }:
let
  inherit (import ./fixture.nix { inherit lib; }) test;
in
{
  tests = {
    test_sets_are_updated_on_every_level =
      test
        (lib.recursiveUpdate
          {
            a.b = 1;
            a.c = 2;
            d = 3;
            e.f = 4;
          }
          {
            a.b = 5;
            d.g = 6;
            e = 7;
          }
        )
        {
          a.b = 5;
          a.c = 2;
          d.g = 6;
          e = 7;
        };

    test_texts_are_taken_apart =
      test
        [
          (lib.splitString "/" "/a//b.c/")
          (lib.splitString "." "a.b")
          (lib.splitString "," "")
          (lib.hasInfix "b" "abc")
          (lib.hasInfix "" "abc")
          (lib.hasInfix "x" "abc")
          (lib.removePrefix "a" "abc")
          (lib.removePrefix "b" "abc")
          (lib.removeSuffix "c" "abc")
          (lib.hasSuffix "abcd" "abc")
        ]
        [
          [
            ""
            "a"
            ""
            "b.c"
            ""
          ]
          [
            "a"
            "b"
          ]
          [ "" ]
          true
          true
          false
          "bc"
          "abc"
          "ab"
          false
        ];

    test_the_first_of_equal_values_stays =
      test
        (lib.unique [
          1
          2
          1
          3
          2
        ])
        [
          1
          2
          3
        ];
  };
}
